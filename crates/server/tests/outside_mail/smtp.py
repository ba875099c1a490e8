"""A mail server for the tests: PyPI's aiosmtpd. It takes letters and tells of each in a line of JSON.

Mode is `plain`, `starttls` or `smtps`; the last two want the user `weir` and a password. An address whose name begins
with `never` is refused for good; one that begins with `later` is refused the first time.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

mode, certificate = sys.argv[1], sys.argv[2]
seen = set()


def tell(**what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("never"):
            tell(refused=address)
            return "550 5.1.1 there is nobody of this name"
        if address.startswith("later") and address not in seen:
            seen.add(address)
            tell(refused=address)
            return "451 4.7.1 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        tell(
            to=envelope.rcpt_tos,
            sender=envelope.mail_from,
            subject=letter["subject"],
            id=letter["message-id"],
            text=letter.get_content().replace("\r\n", "\n"),
            tls=session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
            user=getattr(session, "auth_data", None),
        )
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b"weir", b"p@ss word+")
    return AuthResult(success=good, handled=good, auth_data=data.login.decode() if good else None)


def protocol():
    if mode == "plain":
        return SMTP(Handler())
    starttls = {"tls_context": context, "require_starttls": True} if mode == "starttls" else {}
    needs = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": mode == "starttls"}
    return SMTP(Handler(), **needs, **starttls)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if mode == "smtps" else None)
    tell(port=server.sockets[0].getsockname()[1])
    # Whoever started this holds the other end.
    await loop.run_in_executor(None, sys.stdin.read)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
asyncio.run(main())
