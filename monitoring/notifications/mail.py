"""A message as a mail, in plain text and in HTML, and the mail server that takes it."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import urlsplit

from monitoring.notifications.message import Message
from monitoring.reports.pages import templates
from monitoring.signals.alerts.delivery import Mail

TIMEOUT = 10
"""Seconds that the server may take for an answer."""

_TLS_FROM_THE_START = 465

_HELLO = "localhost"
"""Name of this machine to the server, as Alertmanager has it: its own would be looked up."""


def mail_of(message: Message, mail: Mail) -> EmailMessage:
    """Return a message as a mail to everybody who is written to."""
    made = EmailMessage()
    made["Subject"] = _one_line(message.title)
    made["From"] = mail.sender
    made["To"] = ", ".join(mail.to)
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = make_msgid(domain="tocsin")
    # No machine shall answer it: an absence notice, say.
    made["Auto-Submitted"] = "auto-generated"
    made.set_content("\n".join(_plain(message)))
    made.add_alternative(html_of(message), subtype="html")
    return made


def html_of(message: Message) -> str:
    """Return a message as HTML that loads nothing."""
    page = templates("monitoring.notifications").get_template("mail.html.j2")
    return page.render(message=message)


def send_mail(message: Message, mail: Mail) -> None:
    """Hand a message over to the mail server.

    Raises
    ------
    OSError
        The server is not there, or does not take it; an `smtplib.SMTPException` is one.
    """
    place = urlsplit(f"//{mail.host}")
    host, port = place.hostname or "", place.port or 0
    context = ssl.create_default_context()
    if port == _TLS_FROM_THE_START:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, local_hostname=_HELLO, timeout=TIMEOUT, context=context
        )
    else:
        server = smtplib.SMTP(host, port, local_hostname=_HELLO, timeout=TIMEOUT)
    with server:
        if mail.tls and port != _TLS_FROM_THE_START:
            server.starttls(context=context)
        if mail.user is not None and mail.password is not None:
            server.login(mail.user, mail.password.get_secret_value())
        server.send_message(mail_of(message, mail))


def _plain(message: Message) -> Iterator[str]:
    yield from message.lines
    for table in (message.table, message.links):
        if table:
            width = max(map(len, table)) + 2
            yield ""
            yield from (f"{name:<{width}}{value}" for name, value in table.items())


def _one_line(text: str) -> str:
    """Return a text as a header takes it, whatever lines it had."""
    return " ".join(text.split())
