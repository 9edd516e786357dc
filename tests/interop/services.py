"""What keratin hands to other programs, against real ones: mails to aiosmtpd, with STARTTLS and TLS by a
certificate made here, and event files to TensorBoard, which is asked over HTTP.

    python3 tests/interop/services.py PROGRAM FOLDER      PROGRAM is built from services.cpp

Run by `make test-interop`.
"""

import email
import email.policy
import json
import logging
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import warnings
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

KNOWN = LoginPassword(b"lab", b"s3cret")


# ---- mails


class Inbox:
    """Keeps what comes, or refuses a receiver."""

    def __init__(self, refused=None):
        self.refused, self.mails = refused, []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((session.ssl is not None, envelope))
        return "250 fine"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def server(inbox, context, at_once=False):
    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=data == KNOWN)

    options = {"hostname": "127.0.0.1", "port": free_port(), "authenticator": authenticate, "auth_required": True}
    if at_once:
        options |= {"ssl_context": context, "auth_require_tls": False}
    elif context:
        options |= {"tls_context": context, "require_starttls": True}
    controller = Controller(inbox, **options)
    controller.start()
    try:
        yield f"{'smtps' if at_once else 'smtp'}://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def certificate(folder):
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert


def sends(program, url, cert, user="lab", password="s3cret"):
    """What the program warned of. Its training ends well whatever the server does."""
    ran = subprocess.run([program, "mail", url, cert, user, password], capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0 and float(ran.stdout) >= 0, ran
    assert "s3cret" not in ran.stderr, ran.stderr
    return ran.stderr


def check_mail(inbox, at_once):
    ((secure, envelope),) = inbox.mails
    assert secure or at_once
    assert envelope.mail_from == "lab@example.org"
    assert envelope.rcpt_tos == ["me@example.org", "you@example.org"]
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert not mail.defects and mail["Date"].datetime.tzinfo, mail
    assert mail["Subject"] == "Ergebnis für euch", mail["Subject"]
    text, curves = mail.iter_parts()
    assert 'Training of Sequential "worker" ended after 2 of 2 epochs' in text.get_content()
    assert "  loss  " in text.get_content()
    assert curves.get_filename() == "curves.svg" and curves.get_content_type() == "image/svg+xml"
    assert curves.get_content().startswith(b"<svg")


def mails(program, folder):
    context, cert = certificate(folder)
    for at_once in (False, True):
        with server(inbox := Inbox(), context, at_once) as url:
            assert sends(program, url, cert) == ""
        check_mail(inbox, at_once)
    with server(inbox := Inbox(), context) as url:
        assert "does not take the mail" in sends(program, url, cert, password="wrong")
        assert "does not take the mail" in sends(program, url, "")  # a certificate that nobody vouches for
    with server(inbox, None) as url:  # no STARTTLS: the password is not told
        assert "does not take the mail" in sends(program, url, cert)
    assert not inbox.mails
    with server(inbox := Inbox(refused="you@example.org"), context) as url:
        assert "550" in sends(program, url, cert)
    assert not inbox.mails
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.time()
        assert "timed out" in sends(program, f"smtp://127.0.0.1:{silent.getsockname()[1]}", cert)
        assert time.time() - start < 10


# ---- TensorBoard


def ask(root, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{root}/data/{path}", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        content = answer.read()
        return json.loads(content) if answer.headers.get_content_type() == "application/json" else content


@contextmanager
def tensorboard(folder, count):
    """Once it has read so many runs."""
    port = free_port()
    command = [sys.executable, "-m", "tensorboard.main", f"--logdir={folder}", f"--port={port}", "--load_fast=false"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        root = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                if len(ask(root, "runs")) == count:
                    break
            except OSError:
                pass
            time.sleep(0.5)
        yield root
    finally:
        process.terminate()
        process.wait()


def event_files(program, folder):
    logs = folder / "logs"
    subprocess.run([program, "logs", logs], check=True, timeout=60)
    with tensorboard(logs, 7) as root:
        runs = ask(root, "runs")
        assert sorted(runs) == [".", "4", "4/train", "4/validation", "8", "8/train", "8/validation"], runs
        for run, losses in (("4/train", 5), ("8/validation", 5)):
            points = ask(root, f"plugin/scalars/scalars?run={run}&tag=epoch_loss")
            assert [p[1] for p in points] == list(range(losses)), points
        assert len(ask(root, "plugin/scalars/scalars?run=4/train&tag=batch_loss")) == 15

        images = ask(root, "plugin/images/tags")["8/train"]
        for tag, samples in (("input_1/image", 16), ("conv2d_1/kernel/image", 8)):
            assert images[tag]["samples"] == samples, images
            query = urllib.parse.urlencode({"run": "8/train", "tag": tag, "sample": 0})
            (point, *_) = ask(root, f"plugin/images/images?{query}")
            assert ask(root, f"plugin/images/individualImage?{point['query']}").startswith(b"\x89PNG")
        for tag in ("conv2d/kernel/histogram", "conv2d/kernel/gradient/histogram"):
            assert tag in ask(root, "plugin/histograms/tags")["4/train"]
        graph = ask(root, "plugin/graphs/graph?run=4/train&tag=keras&conceptual=true")
        assert b's: "Conv2D"' in graph and b's: "Dense"' in graph, graph
        check_hparams(root, True)
    for file in logs.glob("events*"):  # of hparams_config: TensorBoard gathers what the sessions have
        file.unlink()
    with tensorboard(logs, 6) as root:
        check_hparams(root, False)


def check_hparams(root, declared):
    experiment = ask(root, "plugin/hparams/experiment", {"experimentName": "", "includeMetrics": True})
    found = {one["name"]: one for one in experiment["hparamInfos"]}
    types = {name: one.get("type") for name, one in found.items()}
    assert types == {
        "filters": "DATA_TYPE_FLOAT64",
        "optimizer": "DATA_TYPE_STRING",
        "augment": "DATA_TYPE_BOOL",
        "rate": "DATA_TYPE_FLOAT64",
    }, experiment
    metrics = [(one["name"]["group"], one["name"]["tag"]) for one in experiment["metricInfos"]]
    if declared:
        assert metrics == [("validation", "epoch_accuracy"), ("train", "epoch_loss")], metrics
        assert found["filters"]["displayName"] == "Filters" and found["filters"]["domainDiscrete"] == [4, 8]
        assert found["rate"]["domainInterval"] == {"minValue": 0.0001, "maxValue": 0.01}
    else:
        assert {("validation", "epoch_accuracy"), ("train", "epoch_loss")} <= set(metrics), metrics
    wanted = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_SUCCESS"],
        "colParams": [{"hparam": "filters", "order": "ORDER_ASC", "includeInResult": True}]
        + [{"hparam": name, "includeInResult": True} for name in types if name != "filters"]
        + [{"metric": {"group": "validation", "tag": "epoch_accuracy"}, "includeInResult": True}],
        "startIndex": 0,
        "sliceSize": 10,
    }
    groups = ask(root, "plugin/hparams/session_groups", wanted)["sessionGroups"]
    assert [one["hparams"]["filters"] for one in groups] == [4, 8], groups
    assert groups[1]["hparams"]["rate"] == 0.001 and groups[1]["hparams"]["augment"] is True, groups
    points = ask(root, "plugin/scalars/scalars?run=8/validation&tag=epoch_accuracy")
    accuracy = {"group": "validation", "tag": "epoch_accuracy"}
    values = groups[1]["sessions"][0]["metricValues"]
    assert [one["value"] for one in values if one["name"] == accuracy] == [points[-1][2]], groups[1]


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    warnings.simplefilter("ignore")  # aiosmtpd: authentication inside of TLS from the first byte
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    mails(program, folder)
    print("services: mails are fine")
    event_files(program, folder)
    print("services: event files are fine")


if __name__ == "__main__":
    main()
