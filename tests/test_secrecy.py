"""Secrets are not shown: not by settings that are refused, nor in errors that others write."""

import traceback

import pytest

from monitoring.secrecy import masked, secrets_of_address, secrets_of_url, shown_url
from monitoring.settings import Settings, SettingsError, redacted, settings
from monitoring.store.database import StoreError, engine_for
from monitoring.training import TrainingError
from monitoring.training.registry import Registry

CANARY = "canary-7Hq"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://host:9091/path", "http://host:9091/path"),
        (f"http://user:{CANARY}@host:9091/path", "http://host:9091/path"),
        (f"http://{CANARY}@host", "http://host"),
        (f"http://user:{CANARY}@x@[::1]:80/", "http://[::1]:80/"),
        (f"https://host/a?token={CANARY}", "https://host/a"),
        (f"https://host/#{CANARY}", "https://host/"),
        (f"postgresql://u:{CANARY}@h/db?password={CANARY}", "postgresql://h/db"),
        ("sqlite:////folder/mlflow.db", "sqlite:////folder/mlflow.db"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{CANARY}@host/db",
        f"postgresql://host/db?user=u&password={CANARY}",
        f"http://{CANARY}@host",
    ],
)
def test_the_secrets_of_a_url_are_found_and_masked(url: str) -> None:
    assert CANARY not in masked(f"no answer from {url}: {CANARY}!", secrets_of_url(url))


def test_a_password_is_masked_as_it_is_written_and_as_it_is_sent() -> None:
    found = set(secrets_of_url("postgresql://u:canary%2Fslash@host/db"))
    assert found >= {"canary%2Fslash", "canary/slash"}


def test_of_a_webhook_s_address_the_path_is_masked_without_its_host_too() -> None:
    """As an error of urllib3 shows it: `Max retries exceeded with url: /services/T0/B0/...`."""
    secrets = set(secrets_of_address(f"https://hooks.slack.com/services/T0/{CANARY}"))
    text = f"HTTPSConnectionPool(host='hooks.slack.com'): with url: /services/T0/{CANARY} (refused)"
    assert masked(text, secrets) == (
        "HTTPSConnectionPool(host='hooks.slack.com'): with url: /*** (refused)"
    )


def test_what_is_too_short_to_be_told_from_words_is_left() -> None:
    assert masked("a is a", {"a"}) == "a is a"


SHOWN_TO_PEOPLE = (
    "pushgateway_url",
    "prometheus_url",
    "airflow_url",
    "grafana_url",
    "public_url",
    "public_mlflow_url",
    "public_airflow_url",
    "public_prometheus_url",
    "mlflow_url",
)


@pytest.mark.parametrize("name", SHOWN_TO_PEOPLE)
@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{CANARY}@host:1",
        f"http://{CANARY}@host:1",
        f"http://host/?token={CANARY}",
        f"http://host/#{CANARY}",
        CANARY,
        f"http://:{CANARY}",
        f"ftp://user:{CANARY}@host",
    ],
)
def test_an_address_that_is_shown_may_hold_no_secret_and_its_refusal_shows_none(
    name: str, url: str
) -> None:
    with pytest.raises(SettingsError, match=f"TOCSIN_{name.upper()}") as raised:
        Settings(**{name: url})
    assert CANARY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"database_url": f"mysql://u:{CANARY}@h/db"}, "TOCSIN_DATABASE_URL"),
        ({"database_url": f"postgresql://u:{CANARY}@h:port/db"}, "TOCSIN_DATABASE_URL"),
        ({"webhook_url": f"ftp://h/{CANARY}"}, "TOCSIN_WEBHOOK_URL"),
        ({"slack_url": CANARY}, "TOCSIN_SLACK_URL"),
        ({"pushgateway_password": CANARY}, "TOCSIN_PUSHGATEWAY_USER"),
        ({"prometheus_password": CANARY}, "TOCSIN_PROMETHEUS_USER"),
    ],
)
def test_a_secret_setting_that_is_refused_is_named_and_not_shown(
    fields: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError, match=named) as raised:
        Settings(**fields)
    assert CANARY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("name", [n for n in Settings.model_fields if Settings.is_secret(n)])
def test_no_secret_setting_is_in_the_repr_of_the_settings(name: str) -> None:
    value = CANARY
    if name.endswith("_url"):
        value = (
            f"postgresql://u:{CANARY}@h/db"
            if name in {"database_url", "mlflow_url"}
            else (f"http://u:{CANARY}@h/{CANARY}?token={CANARY}")
        )
    fields = {name: value, "pushgateway_user": "u", "prometheus_user": "u"}
    given = Settings(**{"pushgateway_password": "pw", "prometheus_password": "pw", **fields})
    assert CANARY not in f"{given!r} {given} {given.model_dump()} {given.model_dump_json()}"
    assert CANARY not in masked(value, given.secrets)


def test_errors_of_store_and_registry_show_no_password() -> None:
    said = []
    for url in (
        f"postgresql://u:{CANARY}@h:port/db",
        f"oracle://u:{CANARY}@h/db?password={CANARY}",
    ):
        with pytest.raises(StoreError) as raised:
            engine_for(url)
        said += traceback.format_exception(raised.value)
    with pytest.raises(TrainingError) as refused:
        Registry(f"postgresql://u:{CANARY}@h/db?password={CANARY}")
    said += traceback.format_exception(refused.value)
    assert CANARY not in "".join(said)


def test_what_libraries_say_is_redacted_by_the_secrets_that_are_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCSIN_WEBHOOK_URL", f"https://chat.example.org/{CANARY}")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "canary-of-mlflow")
    settings.cache_clear()
    try:
        assert redacted(f"url: /{CANARY}, canary-of-mlflow") == "url: /***, ***"
    finally:
        settings.cache_clear()
