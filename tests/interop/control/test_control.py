"""A test of an app in Python with nothing but its standard library: it starts the server, seeds users, makes a fault, looks for it in
the journal, advances the clock past a token's life, and resets. `python3 test_control.py SERVER` runs it against that program."""

import json
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

SERVER = "mfly-testserver"


class Control:
    """A client of the control API."""

    def __init__(self, url):
        self.url = url

    def call(self, method, path, body=None):
        """Returns the status and the JSON of an answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/control/v1{path}", data, headers, method=method)
        return send(request)


def send(request):
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


class AnApp(unittest.TestCase):
    """What an app's test does with the server."""

    @classmethod
    def setUpClass(cls):
        command = [SERVER, "--json", "--trial", "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"]
        cls.server = subprocess.Popen(command, stdout=subprocess.PIPE)
        cls.info = json.loads(cls.server.stdout.readline())
        cls.control = Control(cls.info["controlUrl"])

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait(20)
        cls.server.stdout.close()

    def setUp(self):
        status, _ = self.control.call("POST", "/reset", {"to": "empty"})
        self.assertEqual(status, 204)
        status, alice = self.control.call("POST", "/users", {
            "id": "alice", "password": "correct horse", "profile": {"nickName": "Alice"}, "blocks": ["bob"],
        })
        self.assertEqual(status, 201, alice)
        self.assertEqual(self.control.call("POST", "/users", {"id": "bob"})[0], 201)

    def log_in(self, password="correct horse"):
        """Logs in as the app does. On a trial plan passwords are not encrypted."""
        body = json.dumps({"username": "alice", "password": password, "type": "web"}).encode()
        headers = {"Content-Type": "application/json"}
        return send(urllib.request.Request(f"{self.info['apiBaseUrl']}/login", body, headers, method="POST"))

    def muted(self, token):
        headers = {"Authorization": token}
        return send(urllib.request.Request(f"{self.info['apiBaseUrl']}/users/muted", headers=headers))[0]

    def test_seeded_users_can_log_in_and_are_read_in_clear(self):
        status, answer = self.log_in()
        self.assertEqual((status, answer["status"]), (200, 200), answer)
        _, alice = self.control.call("GET", "/users/alice")
        self.assertEqual((alice["profile"]["nickName"], alice["blocks"]), ("Alice", ["bob"]))
        self.assertNotIn("correct horse", json.dumps(alice))

    def test_a_fault_happens_as_often_as_asked_and_is_in_the_journal(self):
        fault = {"on": "request", "path": "/login", "times": 1, "fault": {"kind": "status", "status": 503}}
        status, made = self.control.call("POST", "/faults", fault)
        self.assertEqual(status, 201, made)
        self.assertEqual(self.log_in()[0], 503)
        self.assertEqual(self.log_in()[0], 200)
        wanted = {"match": {"path": "/login"}, "count": 2, "deadlineMs": 5000}
        status, seen = self.control.call("POST", "/journal/wait", wanted)
        self.assertEqual(status, 200, seen)
        self.assertEqual([entry["httpStatus"] for entry in seen["entries"]], [503, 200])
        self.assertNotIn("correct horse", json.dumps(seen))
        self.assertEqual(self.control.call("GET", "/faults")[1]["faults"], [])

    def test_a_token_ends_when_the_clock_passes_its_life(self):
        token = self.log_in()[1]["data"]["token"]
        self.assertEqual(self.muted(token), 200)
        life = self.control.call("GET", "/plan")[1]["tokenLifetimeMs"]
        self.assertEqual(self.control.call("POST", "/clock/advance", {"byMs": life})[0], 200)
        self.assertEqual(self.muted(token), 401)

    def test_an_entry_that_does_not_come_is_an_answer_in_time(self):
        wanted = {"match": {"path": "/nowhere"}, "count": 1, "deadlineMs": 50}
        status, refused = self.control.call("POST", "/journal/wait", wanted)
        self.assertEqual((status, refused["error"]["code"]), (408, "not_seen"))

    def test_the_stream_has_entries_as_they_come_and_goes_on_after_the_last_one_read(self):
        url = f"{self.control.url}/control/v1/journal/stream?path=/login"
        with urllib.request.urlopen(url, timeout=20) as stream:
            self.log_in()
            event = [stream.readline().decode() for _ in range(3)]
        self.assertIn("event: entry\n", event)
        data = next(line for line in event if line.startswith("data: "))
        entry = json.loads(data.removeprefix("data: "))
        self.assertEqual((entry["path"], entry["operation"]), ("/login", "login"))
        self.log_in()
        again = urllib.request.Request(url, headers={"Last-Event-ID": str(entry["seq"])})
        with urllib.request.urlopen(again, timeout=20) as stream:
            event = [stream.readline().decode() for _ in range(3)]
        self.assertIn(f"id: {entry['seq'] + 1}\n", event)

    def test_a_reset_forgets_everything(self):
        self.log_in()
        self.assertEqual(self.control.call("POST", "/reset", {"to": "empty"})[0], 204)
        self.assertEqual(self.control.call("GET", "/users")[1]["users"], [])
        self.assertEqual(self.control.call("GET", "/journal")[1]["entries"], [])
        self.assertEqual(self.log_in()[1]["status"], 400)


if __name__ == "__main__":
    SERVER = sys.argv.pop(1) if len(sys.argv) > 1 else SERVER
    unittest.main()
