"""Keeps requests short that the description allows to be long: one that waits for entries may wait for a minute."""

import schemathesis


@schemathesis.hook("map_body").apply_to(path="/control/v1/journal/wait", method="POST")
def wait_shortly(context, body):
    if isinstance(body, dict) and isinstance(body.get("deadlineMs"), (int, float)) and 20 < body["deadlineMs"] <= 60000:
        body["deadlineMs"] = 20
    if isinstance(body, dict) and "deadlineMs" not in body:
        body["deadlineMs"] = 20
    return body
