"""Twilio's official Python library against the mock carriers.

Reads MOCK_* from the environment; prints "all checks passed" and exits 0, or shows what failed.
The library's HTTP client is replaced by one that sends api.twilio.com's requests to the mock.
"""
import datetime
import os
import time

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

BASE = os.environ["MOCK_BASE_URL"]
SID = os.environ["MOCK_ACCOUNT_SID"]
TOKEN = os.environ["MOCK_AUTH_TOKEN"]
FROM = os.environ["MOCK_FROM"]
TO = os.environ["MOCK_TO"]
GATEWAY = os.environ["MOCK_GATEWAY"]


class ToMock(TwilioHttpClient):
    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", BASE), *args, **kwargs)


def client(token=TOKEN):
    return Client(SID, token, http_client=ToMock(timeout=20))


def refused(status, code, action):
    try:
        action()
    except TwilioRestException as error:
        assert (error.status, error.code) == (status, code), (error.status, error.code)
        return
    raise AssertionError(f"expected {code}")


def until(what, test):
    for _ in range(200):
        if test():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited too long: {what}")


def messages(twilio):
    sent = twilio.messages.create(
        to=TO, from_=FROM, body="hello \u00f1 & +", status_callback=GATEWAY + "/cb",
        media_url=["https://example.org/a.jpg", "https://example.org/b.jpg"])
    assert sent.sid.startswith("MM") and sent.status == "queued", sent.status
    assert sent.num_media == "2" and isinstance(sent.date_created, datetime.datetime)
    until("delivered", lambda: twilio.messages(sent.sid).fetch().status == "delivered")
    fetched = twilio.messages(sent.sid).fetch()
    assert fetched.body == "hello \u00f1 & +" and fetched.date_sent.tzinfo is not None
    assert [m.content_type for m in fetched.media.list()] == ["image/jpeg"] * 2
    assert twilio.messages(sent.sid).update(body="").body == ""
    for n in range(7):
        twilio.messages.create(to=TO, from_=FROM, body=str(n))
    day = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    listed = twilio.messages.list(to=TO, date_sent_after=day, page_size=3)
    assert len(listed) == 8, len(listed)
    assert len({message.sid for message in listed}) == 8
    assert twilio.messages.list(date_sent_before=day) == []
    assert len(twilio.messages.list(from_=FROM, limit=5)) == 5
    assert twilio.messages(sent.sid).delete()
    refused(404, 20404, lambda: twilio.messages(sent.sid).fetch())
    refused(400, 21211, lambda: twilio.messages.create(to="+15005550001", from_=FROM, body="x"))
    refused(400, 21610, lambda: twilio.messages.create(to="+15005550004", from_=FROM, body="x"))
    refused(400, 21602, lambda: twilio.messages.create(to=TO, from_=FROM))
    refused(401, 20003, lambda: client("wrong").messages.create(to=TO, from_=FROM, body="x"))


def calls(twilio):
    call = twilio.calls.create(
        to=TO, from_=FROM, url=GATEWAY + "/twiml", status_callback=GATEWAY + "/status",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
        machine_detection="Enable", timeout=20)
    assert call.sid.startswith("CA") and call.status == "queued"
    until("completed", lambda: twilio.calls(call.sid).fetch().status == "completed")
    ended = twilio.calls(call.sid).fetch()
    assert ended.answered_by == "human" and ended._from == FROM and ended.to == TO
    assert ended.end_time is not None and ended.duration is not None
    assert [c.sid for c in twilio.calls.list(to=TO, status="completed")] == [call.sid]
    recordings = twilio.calls(call.sid).recordings.list()
    assert len(recordings) == 1 and recordings[0].source == "RecordVerb"
    assert twilio.recordings(recordings[0].sid).fetch().call_sid == call.sid
    assert twilio.recordings(recordings[0].sid).delete()
    assert twilio.calls(call.sid).delete()
    refused(400, 21205, lambda: twilio.calls.create(to=TO, from_=FROM, url="nowhere"))
    refused(400, 21217, lambda: twilio.calls.create(to="+15005550001", from_=FROM, url=GATEWAY + "/twiml"))


def signatures():
    """A webhook that the mock sent is genuine in the library's eyes."""
    import json
    import urllib.request
    hooks = json.load(urllib.request.urlopen(BASE + "/control/webhooks"))
    posts = [hook for hook in hooks if hook["method"] == "POST"]
    assert len(posts) >= 4, len(posts)
    validator = RequestValidator(TOKEN)
    for hook in posts:
        assert validator.validate(hook["url"], dict(hook["params"]), hook["signature"]), hook["url"]
        assert not validator.validate(hook["url"], dict(hook["params"], From="x"), hook["signature"])


if __name__ == "__main__":
    rest = client()
    messages(rest)
    calls(rest)
    signatures()
    print("all checks passed")
