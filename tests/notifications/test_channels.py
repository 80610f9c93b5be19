"""What reaches a real mail server, and real receivers in the place of Slack and of a webhook."""

import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from monitoring.notifications.channels import deliver, lacking
from monitoring.notifications.mail import mail_of
from monitoring.notifications.message import Message
from monitoring.notifications.slack import slack_of
from monitoring.settings import settings
from monitoring.signals.alerts.delivery import Delivery, Mail
from monitoring.use_case_notify import Channel, Event, Notify
from tests.fixtures.mailbox import Mailbox, parts_of, running_mailbox
from tests.fixtures.webhook import Webhook

HOSTILE = "<!channel> <b>*bold*</b> {{x}} & \N{EURO SIGN}"
FAILED = Message(
    title="Card fraud: retrain failed",
    text=f"promote failed: {HOSTILE}\n{'x' * 5000}",
    event=Event.FAILURE,
    facts={"dag": "retrain_fraud", "task": "promote", "try": "3 of 3", "error": HOSTILE},
    links={"log": "http://airflow.test/dags/retrain_fraud/runs/a%26b/tasks/promote"},
)
SIGN_IN = ("tocsin", "canary-of-the-mail-server")


def mailing(host: str, *, tls: bool = False, password: str | None = None) -> Delivery:
    """Return a delivery by mail alone."""
    user = None if password is None else SIGN_IN[0]
    secret = None if password is None else SecretStr(password)
    return Delivery(
        mail=Mail(host, "tocsin@tocsin.test", ("a@x.test", "b@x.test"), tls, user, secret)
    )


def test_a_mail_says_all_in_plain_text_and_in_html(own_mailbox: Mailbox) -> None:
    assert deliver(FAILED, [Channel.MAIL], mailing(own_mailbox.host), {}) == {}
    (mail,) = own_mailbox.mails
    assert mail["Subject"] == FAILED.title
    assert (mail["From"], mail["To"]) == ("tocsin@tocsin.test", "a@x.test, b@x.test")
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = parts_of(mail)
    for said in (*FAILED.facts.values(), FAILED.links["log"], "x" * 5000):
        assert said in plain
    assert "&lt;!channel&gt; &lt;b&gt;*bold*&lt;/b&gt; {{x}} &amp; \N{EURO SIGN}" in html
    assert "<b>" not in html
    assert 'href="http://airflow.test/dags/retrain_fraud/runs/a%26b/tasks/promote"' in html


def test_a_title_of_several_lines_is_one_subject() -> None:
    message = FAILED.model_copy(update={"title": "one\r\nBcc: them@x.test"})
    mail = mail_of(message, Mail("h:1", "a@x.test", ("b@x.test",)))
    assert mail["Subject"] == "one Bcc: them@x.test"
    assert mail["Bcc"] is None


def test_slack_is_given_no_mention_no_mark_up_and_no_more_than_it_takes(
    own_webhook: Webhook,
) -> None:
    assert deliver(FAILED, [Channel.SLACK], Delivery(slack=SecretStr(own_webhook.url)), {}) == {}
    (body,) = own_webhook.received
    header, text, facts, links = body["blocks"]
    assert FAILED.title in header["text"]["text"]
    assert len(text["text"]["text"]) == 3000
    assert [field["text"] for field in facts["fields"]] == [
        f"{name}: {fact}" for name, fact in FAILED.facts.items() if name != "error"
    ]
    # What an error holds is in plain texts alone, where `<!channel>` and `*` are only letters.
    plain = [header["text"], text["text"], *facts["fields"]]
    assert {one["type"] for one in plain} == {"plain_text"}
    assert links["elements"][0]["text"] == f"<{FAILED.links['log']}|log>"
    assert slack_of(Message(title="<!here>", text=""))["text"].endswith("&lt;!here&gt;")


def test_one_channel_that_is_down_costs_no_other_its_message_and_no_address_is_shown(
    own_mailbox: Mailbox, own_webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    own_mailbox.answer = "554 no, canary-of-the-server"
    slack = SecretStr("http://127.0.0.1:9/services/canary-of-slack")
    delivery = Delivery(
        webhook=SecretStr(own_webhook.url), slack=slack, mail=mailing(own_mailbox.host).mail
    )
    problems = deliver(FAILED, tuple(Channel), delivery, {"use_case": "fraud"})
    assert problems.keys() == {Channel.MAIL, Channel.SLACK}
    assert "answer 554" in problems[Channel.MAIL]
    assert "check TOCSIN_SMTP_HOST" in problems[Channel.MAIL]
    assert "no answer" in problems[Channel.SLACK]
    assert "check TOCSIN_SLACK_URL" in problems[Channel.SLACK]
    assert "canary" not in str(problems) + caplog.text
    (told,) = own_webhook.received
    (one,) = told["alerts"]
    assert told["title"] == one["annotations"]["summary"] == FAILED.title
    assert told["message"] == one["annotations"]["description"] == FAILED.text
    assert (one["status"], one["labels"]["use_case"]) == ("failure", "fraud")
    assert one["annotations"]["try"] == "3 of 3"
    assert one["annotations"]["log_url"] == FAILED.links["log"]


def test_no_secret_is_in_a_message(
    own_mailbox: Mailbox, own_webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_SMTP_PASSWORD", SIGN_IN[1])
    settings.cache_clear()
    leaky = Message(title=SIGN_IN[1], text=SIGN_IN[1], facts={"error": f"at {SIGN_IN[1]}"})
    url = SecretStr(own_webhook.url)
    delivery = Delivery(webhook=url, slack=url, mail=mailing(own_mailbox.host).mail)
    assert deliver(leaky, tuple(Channel), delivery, {}) == {}
    settings.cache_clear()
    assert len(own_webhook.received) == 2
    (mail,) = own_mailbox.mails
    assert "canary" not in json.dumps(own_webhook.received) + mail.as_string()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 and its key, in one file."""
    from ipaddress import ip_address

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    encoding = serialization.Encoding.PEM
    path.write_bytes(key.private_bytes(encoding, form, plain) + made.public_bytes(encoding))
    return path


def test_a_server_that_speaks_tls_and_wants_a_password_is_signed_in_at_once_it_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with running_mailbox(signs_in=SIGN_IN, tls=context) as box:
        right, wrong = (
            mailing(box.host, tls=True, password=it) for it in (SIGN_IN[1], "canary-of-nobody")
        )
        untrusted = deliver(FAILED, [Channel.MAIL], right, {})
        assert "SSLCertVerificationError" in untrusted[Channel.MAIL]
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        refused = deliver(FAILED, [Channel.MAIL], wrong, {})
        assert "SMTPAuthenticationError, answer 535" in refused[Channel.MAIL]
        assert "canary" not in str(refused)
        plain = deliver(FAILED, [Channel.MAIL], mailing(box.host), {})
        assert "answer 530" in plain[Channel.MAIL]
        assert box.mails == []
        assert deliver(FAILED, [Channel.MAIL], right, {}) == {}
        assert box.subjects == [FAILED.title]


def test_what_a_file_names_and_nobody_set_up_is_said_and_what_it_does_not_name_is_not() -> None:
    none, hook = Delivery(), Delivery(webhook=SecretStr("http://127.0.0.1:9"))
    assert lacking(Notify(), none) == {}
    asked = Notify(on_failure=("mail", "webhook"), on_retry=("mail",))
    said = lacking(asked, hook)
    assert said.keys() == {Channel.MAIL}
    assert "`notify.on_failure` and `notify.on_retry`" in said[Channel.MAIL]
    assert "set TOCSIN_SMTP_HOST and TOCSIN_SMTP_TO" in said[Channel.MAIL]
    assert lacking(asked, none).keys() == {Channel.MAIL, Channel.WEBHOOK}
