"""Signs webhooks with Twilio's own Python library: reads JSON lines {url, token, params} and prints one signature a line."""

import json
import sys

from twilio.request_validator import RequestValidator


class Form(dict):
    """A form with repeated keys, as web frameworks give it to the library."""

    def getlist(self, key):
        return self[key]


for line in sys.stdin:
    order = json.loads(line)
    form = Form()
    for key, value in order["params"]:
        form.setdefault(key, []).append(value)
    print(RequestValidator(order["token"]).compute_signature(order["url"], form))
