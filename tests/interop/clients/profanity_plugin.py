"""A plugin for profanity: writes all that it sends, receives and shows to the pipe MFLY_PIPE, as JSON lines."""

import json
import os

_pipe = os.fdopen(int(os.environ["MFLY_PIPE"]), "w", buffering=1)


def _tell(event, **more):
    _pipe.write(json.dumps({"event": event, **more}) + "\n")


def prof_on_start():
    _tell("started")


def prof_on_connect(account_name, fulljid):
    _tell("connected", jid=fulljid)


def prof_on_disconnect(account_name, fulljid):
    _tell("disconnected", jid=fulljid)


def prof_on_iq_stanza_send(stanza):
    _tell("sent", stanza=stanza)


def prof_on_iq_stanza_receive(stanza):
    _tell("received", stanza=stanza)
    return True


def prof_post_chat_message_display(barejid, resource, message):
    _tell("shown", sender=barejid, body=message)


def prof_post_chat_message_send(barejid, message):
    _tell("written", to=barejid, body=message)
