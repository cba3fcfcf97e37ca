"""The vectors of `desk`, for `make.py` or alone: `python3 desk.py`.

Everything is made with the standard library: `hashlib` signs, `urllib` writes the query, `json` says what
an answer holds. The three signatures are those of the platform's page and of sheet `tencent-desk`,
section 4.4.
"""

import hashlib
import json
import pathlib
from urllib.parse import quote, urlencode

APP, TOKEN, OLD_TOKEN = "1400000000", "xxxxyyyy", "the token before"
SECRETS = {"sdk_app_id": APP, "token": TOKEN}
UNSIGNED = {"sdk_app_id": APP}
OLD = {"sdk_app_id": APP, "token": OLD_TOKEN}
NOW = 1_700_000_000_000
SECONDS = str(NOW // 1000)
JSON = [["content-type", "application/json"]]
EXECUTION = "cf634425-a0ba-49d5-b205-86ba2441de96"
SESSION = "2baf4d84-beb4-4607-a1ea-6ebcaef3e0e6"


def dumped(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sign(token, time=SECONDS):
    return hashlib.sha256((token + time).encode()).hexdigest()


def query(command, app=APP, token=TOKEN, time=SECONDS, request_id=None, **more):
    """As the platform writes it; `None` leaves a parameter out."""
    parameters = {"SdkAppid": app, "CallbackCommand": command, "contenttype": "json", "ClientIP": "127.0.0.1",
                  "OptPlatform": "Unknown", "RequestID": request_id}
    if token is not None:
        parameters |= {"Sign": sign(token, time), "RequestTime": time}
    parameters |= more
    return urlencode({name: value for name, value in parameters.items() if value is not None}, quote_via=quote)


INVOKE, FLOW, DESK = "Chatbot.InterfaceInvocation", "Chatbot.TaskFlowEventNotify", "Desk.SessionEventNotify"
INVOCATION = dumped({
    "CallbackCommand": INVOKE,
    "Body": {"SystemClientUserID": "user517", "SystemSessionID": "207cac25-f49e-4ada-9c9f-301cea31dcf2",
             "OrderID": "订单 12345", "testKey3": ""},
    "EventTime": 1731488371784,
})
TASK = {"CallbackCommand": FLOW, "Event": "TaskBegin", "EventTime": 1754280000000, "Seq": 1,
        "ExecutionId": EXECUTION, "TaskId": 3474, "TaskName": "售后"}
TURN = {"CallbackCommand": DESK, "SessionId": SESSION, "Event": "ChatBot.UserSendMsg", "EventTime": 1725540020017,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "怎么退款?"}}]}
TO_BOT = {"CallbackCommand": "Bot.OnC2CMessage", "From_Account": "jared", "To_Account": "@RBT#001", "MsgSeq": 48374,
          "MsgRandom": 2837546, "MsgTime": 1557481126, "MsgKey": "48374_2837546_1557481126"}
IN_GROUP = {"CallbackCommand": "Bot.OnGroupMessage", "GroupId": "@TGS#2J4SZEAEL", "From_Account": "jared",
            "Random": 123456, "MsgSeq": 123, "MsgTime": 1490686222, "AtRobots_Account": ["@RBT#001"]}
SIGNAL = {"CallbackCommand": "Chatbot.OnC2CSignalMessage", "From_Account": "jared", "To_Account": "@RBT#001",
          "MsgSeq": 1, "MsgRandom": 2, "MsgKey": "1_2_3", "EventTime": 1754280000000, "Data": "{}"}
HUMAN = {"SessionId": "aa-bb-cc-dd", "ClientUserId": "123", "EventTime": 1670574414123}


def message(kind, event_type, body, dedupe_key=None, order_key=None, app=APP):
    return {"expect": {"kind": kind, "event_type": event_type, "dedupe_key": dedupe_key, "order_key": order_key,
                       "app": app, "body": body}}


def call(event_type, body):
    return message("call", event_type, body)


def hashed(body):
    return "sha256:" + hashlib.sha256(body.encode()).hexdigest()


def refused(reason, authenticated=False):
    return {"refused": reason, "authenticated": authenticated}


def held(reason):
    return refused(reason, True)


CALLED = call(INVOKE, INVOCATION)


class Desk:
    def __init__(self):
        self.vectors = []

    def add(self, name, half, **fields):
        self.vectors.append({"name": name, "half": half, **fields})

    def receive(self, name, text, body, outcome, secrets=SECRETS, method="POST", headers=JSON, strict=False, **settings):
        settings = {"tolerance_seconds": 60, **settings}
        request = {"method": method, "query": text, "headers": headers, "body": body}
        self.add(name, "receive", secrets=secrets, now=NOW, strict=strict, **settings, request=request, **outcome)

    def invoked(self, name, outcome, text=None, body=INVOCATION, **more):
        self.receive(name, query(INVOKE) if text is None else text, body, outcome, **more)


def signatures(make):
    for name, token, time, signature in [
        ("the platform's own", "xxxxyyyy", "1669872112", "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"),
        ("the token of an older page", "xxxyyy", "1669872112", "e78a85473bed2cdc8d6fa8c4d5a4ba4735fd64156e15a99516b9890293e135de"),
        ("another token", "my_token", "1700000000", "63b7452c43a5ccb94a07b830e8480f3d7a6d0de52a844288e48a3a4295affb4d"),
    ]:
        assert sign(token, time) == signature, name
        make.add(name, "sign", token=token, request_time=time, sign=signature)


def accepted(make):
    make.invoked("invocation", CALLED)
    lower = query(INVOKE).replace("SdkAppid", "sdkappid").replace("Sign", "sign").replace("RequestTime", "requesttime")
    make.invoked("parameters in lower case", CALLED, lower)
    make.invoked("parameters in upper case", CALLED, "&".join(
        name.upper() + "=" + value for name, value in (pair.split("=") for pair in query(INVOKE).split("&"))))
    make.invoked("behind another query, in another order", CALLED, "tenant=7&&x&" + "&".join(reversed(query(INVOKE).split("&"))))
    make.invoked("no Content-Type", CALLED, headers=[])
    make.invoked("an odd Content-Type", CALLED, headers=[["content-type", "text/plain"]])
    make.invoked("no contenttype, no address, no platform", CALLED, query(INVOKE, contenttype=None, ClientIP=None, OptPlatform=None))
    make.invoked("other capitals", CALLED, query("ChatBot.interfaceInvocation"))
    make.invoked("the command in the body alone", CALLED, query(None))
    nameless = dumped({"Body": {}, "EventTime": 1})
    make.invoked("the command in the query alone", call(INVOKE, nameless), body=nameless)
    other = dumped({"CallbackCommand": FLOW, "Body": {}})
    make.invoked("the query's command counts", call(INVOKE, other), body=other)
    make.invoked("a token is set here, none there: unsigned", CALLED, query(INVOKE, token=None), secrets=UNSIGNED)
    make.invoked("without a token a signature is passed over", CALLED, query(INVOKE, token="guess"), secrets=UNSIGNED)
    make.invoked("without a token any time will do", CALLED, query(INVOKE, time="soon"), secrets=UNSIGNED)
    for seconds in [NOW // 1000 - 60, NOW // 1000 + 60]:
        make.invoked(f"a minute off: {seconds}", CALLED, query(INVOKE, time=str(seconds)))
    make.invoked("any age without a tolerance", CALLED, query(INVOKE, time="1"), tolerance_seconds=None)
    make.invoked("rotation: the token before", CALLED, query(INVOKE, token=OLD_TOKEN), previous=OLD)
    make.invoked("rotation: unsigned before", CALLED, query(INVOKE, token=None), previous=UNSIGNED)
    make.invoked("rotation: the app before", message("call", INVOKE, INVOCATION, app="1400000001"),
                 query(INVOKE, app="1400000001"), previous=SECRETS | {"sdk_app_id": "1400000001"})
    make.invoked("a call is never deduplicated", CALLED, query(INVOKE, request_id="r1"))
    odd = INVOCATION.replace(":{", ": {\n ")
    make.invoked("blanks stay as they came", call(INVOKE, odd), body=odd)

    for name, command, body in [("OnAssignHuman", "ChatBot.OnAssignHuman", HUMAN), ("OnAssignAgent", "ChatBot.OnAssignAgent", HUMAN),
                                ("OnC2CSignalMessage", "Chatbot.OnC2CSignalMessage", SIGNAL)]:
        body = dumped({"CallbackCommand": command} | body)
        make.receive(f"{name} is a call", query(command), body, call(command, body))
    misspelt = dumped({"CallbackCommand": "Chatbot.OnAssignHuman"} | HUMAN)
    make.receive("OnAssignHuman in the others' capitals", query("Chatbot.OnAssignHuman"), misspelt, call("ChatBot.OnAssignHuman", misspelt))

    flow, run = dumped(TASK), f"execution:{EXECUTION}"
    make.receive("a flow's event is known by its RequestID", query(FLOW, request_id="a1-b2+/="), flow,
                 message("event", FLOW, flow, "a1-b2+/=", run))
    bare = query(FLOW) + "&RequestID=a+b"
    make.receive("a plus sign stays one", bare, flow, message("event", FLOW, flow, "a+b", run))
    make.receive("without one, by its run and number", query(FLOW), flow, message("event", FLOW, flow, run + ":1", run))
    make.receive("an empty RequestID is none", query(FLOW, request_id=""), flow, message("event", FLOW, flow, run + ":1", run))
    texts = dumped(TASK | {"Seq": "2"})
    make.receive("a number in a text", query(FLOW), texts, message("event", FLOW, texts, run + ":2", run))
    for name, change in [("no number", {"Seq": None}), ("a run that is no text", {"ExecutionId": {"a": 1}}),
                         ("an empty run", {"ExecutionId": ""}), ("a run of 257 bytes", {"ExecutionId": "x" * 257}),
                         ("a run with a line break", {"ExecutionId": "a\nb"})]:
        body = dumped(TASK | change)
        order = run if "ExecutionId" not in change else None
        make.receive(f"{name}: known by its hash", query(FLOW), body, message("event", FLOW, body, hashed(body), order))
    turn = dumped(TURN)
    make.receive("a session's event is known by its RequestID", query(DESK, request_id="r9"), turn,
                 message("event", DESK, turn, "r9", f"session:{SESSION}"))
    make.receive("without one, by its hash", query(DESK), turn, message("event", DESK, turn, hashed(turn), f"session:{SESSION}"))
    body = dumped(TO_BOT)
    make.receive("a message to a bot", query("Bot.OnC2CMessage"), body,
                 message("event", "Bot.OnC2CMessage", body, "Bot.OnC2CMessage:jared:@RBT#001:48374_2837546_1557481126"))
    body = dumped({name: value for name, value in TO_BOT.items() if name != "MsgKey"})
    make.receive("a message to a bot without a key", query("Bot.OnC2CMessage"), body,
                 message("event", "Bot.OnC2CMessage", body, hashed(body)))
    body = dumped(IN_GROUP)
    make.receive("a message in a group", query("Bot.OnGroupMessage"), body,
                 message("event", "Bot.OnGroupMessage", body, "Bot.OnGroupMessage:@TGS#2J4SZEAEL:123:123456"))
    for command in ["Group.CallbackAfterNewMemberJoin", "C2C.CallbackBeforeSendMsg", "Something.New"]:
        body = dumped({"CallbackCommand": command})
        make.receive(f"{command} is an event", query(command), body, message("event", command, body, hashed(body)))
    deep = dumped({"CallbackCommand": INVOKE})[:-1] + ',"Body":' + "[" * 63 + "]" * 63 + "}"
    make.invoked("nested 64 deep", call(INVOKE, deep), body=deep)


def strict(make):
    make.invoked("strict: as the platform does", CALLED, strict=True)
    make.invoked("strict: with a charset and JSON in capitals", CALLED, query(INVOKE, contenttype="JSON"), strict=True,
                 headers=[["content-type", "Application/JSON; charset=utf-8"]])
    make.invoked("strict: contenttype is optional", CALLED, query(INVOKE, contenttype=None), strict=True)
    unknown = dumped({"CallbackCommand": "Something.New"})
    make.receive("strict: an unknown command", query("Something.New"), unknown,
                 message("event", "Something.New", unknown, hashed(unknown)), strict=True)
    make.invoked("strict: no Content-Type", held("content_type"), headers=[], strict=True)
    make.invoked("strict: another Content-Type", held("content_type"), headers=[["content-type", "text/plain"]], strict=True)
    make.invoked("strict: another contenttype", held("content_type"), query(INVOKE, contenttype="xml"), strict=True)
    spelt = "ChatBot.InterfaceInvocation"
    make.invoked("strict: other capitals", held("command_spelling"), query(spelt), strict=True,
                 body=INVOCATION.replace(INVOKE, spelt))
    make.invoked("strict: query and body differ in capitals", held("command_mismatch"), query(spelt), strict=True)
    make.invoked("strict: query and body differ", held("command_mismatch"), query(FLOW), strict=True)
    make.invoked("strict: no command in the query", held("command_missing"), query(None), strict=True)
    make.invoked("strict: no command in the body", held("command_missing"), body='{"Body":{}}', strict=True)


def refusals(make):
    right = query(INVOKE)
    for method in ["GET", "PUT", "HEAD"]:
        make.invoked(method, refused("not_post"), method=method)
    make.invoked("no query", refused("app_id_missing"), text="")
    make.invoked("no SdkAppid", refused("app_id_missing"), query(INVOKE, app=None))
    make.invoked("an empty SdkAppid", refused("app_id_missing"), query(INVOKE, app=""))
    make.invoked("another app", refused("app_id_mismatch"), query(INVOKE, app="1400000001"))
    make.invoked("an app that only begins so", refused("app_id_mismatch"), query(INVOKE, app=APP + "0"))
    make.invoked("another app comes before another token", refused("app_id_mismatch"), query(INVOKE, app="1", token="guess"))
    make.invoked("another app without a token", refused("app_id_mismatch"), query(INVOKE, app="1"), secrets=UNSIGNED)
    for name in ["SdkAppid", "CallbackCommand", "contenttype", "Sign", "RequestTime"]:
        make.invoked(f"{name} twice", refused("parameter_repeated"), f"{right}&{name}=1")
    make.invoked("RequestID twice", refused("parameter_repeated"), f"{right}&RequestID=1&RequestID=1")
    make.invoked("Sign twice in different capitals", refused("parameter_repeated"), f"{right}&sign=1")
    make.invoked("unsigned", refused("signature_missing"), query(INVOKE, token=None))
    make.invoked("no Sign", refused("signature_missing"), query(INVOKE, Sign=None))
    make.invoked("no RequestTime", refused("timestamp_missing"), query(INVOKE, RequestTime=None))
    for time in ["", "now", SECONDS + ".5", "-1", "+1", "9" * 30]:
        make.invoked(f"RequestTime is `{time}`", refused("timestamp_format"), query(INVOKE, time=time))
    for seconds in [NOW // 1000 - 61, NOW // 1000 + 61]:
        make.invoked(f"more than a minute off: {seconds}", refused("timestamp_stale"), query(INVOKE, time=str(seconds)))
    make.invoked("milliseconds", refused("timestamp_stale"), query(INVOKE, time=str(NOW)))
    make.invoked("another token", refused("signature_mismatch"), query(INVOKE, token="guess"))
    make.invoked("a token that is only the beginning", refused("signature_mismatch"), query(INVOKE, token=TOKEN[:-1]))
    make.invoked("signed for another second", refused("signature_mismatch"), query(INVOKE, RequestTime=str(NOW // 1000 + 1)))
    make.invoked("in upper case", refused("signature_mismatch"), query(INVOKE, Sign=sign(TOKEN).upper()))
    make.invoked("an empty Sign", refused("signature_mismatch"), query(INVOKE, Sign=""))
    keyed = hashlib.sha256((SECONDS + TOKEN).encode()).hexdigest()
    make.invoked("the other way round", refused("signature_mismatch"), query(INVOKE, Sign=keyed))
    make.invoked("rotation over: the token before", refused("signature_mismatch"), query(INVOKE, token=OLD_TOKEN))

    def body(name, text, reason):
        make.invoked(name, held(reason), body=text)

    body("an empty body", "", "body_not_json")
    body("no JSON", "hello", "body_not_json")
    body("cut off", INVOCATION[:-1], "body_not_json")
    body("a byte order mark", "\ufeff" + INVOCATION, "body_not_json")
    body("comments, as the platform's page prints them", INVOCATION[:-1] + " // }\n}", "body_not_json")
    body("a list", "[]", "body_shape")
    body("a text", '"hello"', "body_shape")
    body("the command twice", f'{{"CallbackCommand":"{INVOKE}","CallbackCommand":"{FLOW}"}}', "body_shape")
    body("nested 65 deep", "[" * 65 + "]" * 65, "depth")
    make.invoked("no command", held("command_missing"), query(None), body="{}")
    make.invoked("an empty command", held("command_missing"), query(""), body='{"CallbackCommand":""}')
    make.invoked("a command that is no text", held("command_missing"), query(None), body='{"CallbackCommand":7}')
    make.invoked("a command of 257 bytes", held("identifier_format"), query("x" * 257))
    make.invoked("a command with a line break", held("identifier_format"), query("a\nb"))
    make.receive("a RequestID of 257 bytes", query(FLOW, request_id="x" * 257), dumped(TASK), held("identifier_format"))
    make.receive("a body without a token proves nothing", query(INVOKE, token=None), "hello", refused("body_not_json"), secrets=UNSIGNED)


def send(make):
    def sent(name, command, body, account=SECRETS, request_id=None, headers=JSON, expected_id=None, **more):
        written = query(command, account["sdk_app_id"], account.get("token"), request_id=expected_id, **more)
        # `urlencode` keeps the order: the two that sign stand last.
        make.add(name, "send", account=account, request_id=request_id, now=NOW,
                 outgoing={"event_id": "evt_1", "event_type": command, "body": body},
                 expect={"method": "POST", "query": written, "headers": headers, "body": body})

    sent("invocation", INVOKE, INVOCATION)
    sent("invocation without a token", INVOKE, INVOCATION, UNSIGNED)
    sent("invocation: no RequestID", INVOKE, INVOCATION, request_id="r1")
    sent("a flow's event carries the event's id", FLOW, dumped(TASK), expected_id="evt_1")
    sent("a session's event carries the id that is given", DESK, dumped(TURN), request_id="一 二&3", expected_id="一 二&3")
    sent("a person is asked for: no RequestID", "ChatBot.OnAssignHuman", dumped(HUMAN))
    sent("another address and platform, no Content-Type", INVOKE, INVOCATION,
         SECRETS | {"client_ip": "::1", "opt_platform": "RESTAPI", "content_type": False}, headers=[],
         ClientIP="::1", OptPlatform="RESTAPI")
    sent("a command of somebody's own", "My.Command & more", "{}")


def answers(make):
    def answer(name, body, status=200, cut=False, **outcome):
        make.add(f"answer: {name}", "answer", status=status, cut=cut, body=body, **outcome)

    def fails(name, body, code, message, **more):
        answer(name, body, failure=f"desk.{code}", message=message, **more)

    def reads(name, body, values, unlike_text=False):
        answer(name, body, values=values, unlike_text=unlike_text)

    ok = '{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0'
    reads("nothing but success", ok + "}", [])
    reads("variables", ok + ',"Body":{"testKey1":"value1","testKey3":"10"}}', [["testKey1", "value1"], ["testKey3", "10"]])
    reads("in any order, with more members", '\n{"Body":{"b":"2","a":"1"},"ErrorCode":0,"RequestId":"x","ActionStatus":"OK"}\n', [["b", "2"], ["a", "1"]])
    reads("an empty Body", ok + ',"Body":{}}', [])
    reads("Body null", ok + ',"Body":null}', [])
    reads("escapes and Chinese", ok + ',"Body":{"\\u4e2d":"文\\n\\"\\\\\\ud83d\\ude00","":""}}', [["中", '文\n"\\😀'], ["", ""]])
    reads("values that are no texts", ok + ',"Body":{"n":10,"f":1.50,"e":-1E+3,"big":12345678901234567890123,"t":true,"f2":false,"z":null}}',
          [["n", "10"], ["f", "1.50"], ["e", "-1E+3"], ["big", "12345678901234567890123"], ["t", "true"], ["f2", "false"], ["z", ""]], True)
    reads("lists and objects", ok + ',"Body":{"l":[ 1 , "a b\\" ]" , {} ],"o":{ "k" : "v, w" }}}',
          [["l", '[1,"a b\\" ]",{}]'], ["o", '{"k":"v, w"}']], True)
    reads("half of a surrogate pair in a value", ok + ',"Body":{"a":"x\\ud800"}}', [["a", "x\\ud800"]])
    reads("-0 is 0", '{"ActionStatus":"OK","ErrorCode":-0}', [])
    fails("a redirect", "", "answer_redirect", "the answer has status 302, a redirect, which is not followed", status=302)
    for status in [201, 204, 401, 404, 500, 503]:
        fails(f"status {status}", ok + "}", "answer_status", f"the answer has status {status} instead of 200", status=status)
    fails("too long", ok, "answer_cut", "the answer is longer than what is read of it", cut=True)
    fails("empty", "", "answer_empty", "the answer is empty")
    fails("blanks", " \r\n", "answer_empty", "the answer is empty")
    fails("a page", "<!DOCTYPE html><html></html>", "answer_html", "the answer is an HTML page")
    fails("a word", "success", "answer_not_json", "the answer is not JSON")
    fails("a byte order mark", "\ufeff" + ok + "}", "answer_not_json", "the answer is not JSON")
    fails("two objects", ok + "}{}", "answer_not_json", "the answer is not JSON")
    fails("cut off", ok + ',"Body":{"a":"b', "answer_truncated", "the answer is JSON that ends too early")
    fails("nested 65 deep", "[" * 65 + "]" * 65, "answer_depth", "the answer is nested deeper than 64")
    fails("half of a surrogate pair in a name", ok + ',"\\ud800":1}', "answer_not_json", "the answer is not JSON")
    fails("half of a surrogate pair in a variable's name", ok + ',"Body":{"\\ud800":"1"}}', "answer_not_json", "the answer is not JSON")
    fails("a list", "[]", "answer_not_object", "the answer is JSON, but not an object")
    fails("JSON in a text", json.dumps(ok + "}"), "answer_not_object", "the answer is JSON, but not an object")
    fails("ErrorCode twice", ok + ',"ErrorCode":1}', "answer_repeated", "the answer has two members of one name")
    fails("a variable twice", ok + ',"Body":{"a":"1","a":"2"}}', "answer_repeated", "the answer has two members of one name")
    fails("no ErrorCode", '{"ActionStatus":"OK","errorCode":0}', "error_code_missing", "the answer has no `ErrorCode`")
    for code in ['"0"', "null", "0.0", "0e0", "true", "99999999999999999999"]:
        fails(f"ErrorCode {code}", f'{{"ActionStatus":"OK","ErrorCode":{code}}}', "error_code_not_integer", "`ErrorCode` of the answer is not an integer")
    fails("ErrorCode 1", '{"ActionStatus":"FAIL","ErrorInfo":"","ErrorCode":1}', "error_code", "the answer has `ErrorCode` 1")
    fails("ErrorCode beside OK", '{"ActionStatus":"OK","ErrorInfo":"没有这个订单","ErrorCode":120001}', "error_code", "the answer has `ErrorCode` 120001: 没有这个订单")
    fails("a negative ErrorCode", '{"ErrorInfo":7,"ErrorCode":-1}', "error_code", "the answer has `ErrorCode` -1")
    fails("a long ErrorInfo on several lines", json.dumps({"ErrorCode": 5, "ErrorInfo": "a\nb" + "c" * 300}), "error_code",
          "the answer has `ErrorCode` 5: a b" + "c" * 197 + "…")
    fails("no ActionStatus", '{"ErrorCode":0}', "action_status_missing", "the answer has no `ActionStatus`")
    for status in ['"FAIL"', '"ok"', "null", "0"]:
        fails(f"ActionStatus {status}", f'{{"ActionStatus":{status},"ErrorCode":0}}', "action_status",
              f"the answer has `ErrorCode` 0, but `ActionStatus` is {status}, not `OK`")
    for body in ["[]", '"{}"', "1", "false"]:
        fails(f"Body {body}", f'{ok},"Body":{body}}}', "answer_body_not_object", "`Body` of the answer is not an object")


def mapped(make):
    def maps(name, command, body, expect):
        make.add(f"mapped: {name}", "mapped", command=command, body=body, expect=expect)

    def fails(name, command, body, code):
        make.add(f"mapped: {name}", "mapped", command=command, body=body, failure=f"desk.{code}")

    human, agent, signal = "ChatBot.OnAssignHuman", "ChatBot.OnAssignAgent", "Chatbot.OnC2CSignalMessage"
    ok = {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}
    for command in [INVOKE, human, agent, signal]:
        maps(f"nothing, {command}", command, " \n", dumped(ok))
        framed = '{"ErrorCode":0, "ActionStatus":"OK"}'
        maps(f"the framework's own, {command}", command, framed, framed)
        fails(f"the framework's own failure, {command}", command, '{"ActionStatus":"FAIL","ErrorCode":7}', "error_code")
        fails(f"half of the framework's, {command}", command, '{"ActionStatus":"OK"}', "error_code_missing")
        fails(f"the other half, {command}", command, '{"ErrorCode":0}', "action_status_missing")
        fails(f"no JSON, {command}", command, "done", "answer_not_json")
        fails(f"a page, {command}", command, "<html>", "answer_html")
        fails(f"a member twice, {command}", command, '{"a":1,"a":2}', "answer_repeated")
    maps("variables", INVOKE, '{"OrderStatus":"已发货","count":10,"list":[1, 2],"none":null}',
         dumped(ok | {"Body": {"OrderStatus": "已发货", "count": "10", "list": "[1,2]", "none": ""}}))
    maps("no variables", INVOKE, "{}", dumped(ok | {"Body": {}}))
    fails("a list for variables", INVOKE, "[]", "answer_not_object")
    for command in [human, agent]:
        maps(f"who is to answer, {command}", command, '{"AgentGroupId":7,"AgentIdList":["a@b.com"]}',
             dumped(ok | {"AgentGroupId": 7, "AgentIdList": ["a@b.com"]}))
        fails(f"a list, {command}", command, "[]", "answer_not_object")
    maps("an ErrorInfo of its own", human, '{"ErrorInfo":"x"}', '{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"x"}')
    maps("passthrough: an object", signal, '{"a":1.50}', dumped(ok)[:-1] + ',"RspData":{"a":1.50}}')
    maps("passthrough: a text", signal, '"hello"', dumped(ok | {"RspData": "hello"}))
    maps("passthrough: a list", signal, "[1]", dumped(ok | {"RspData": [1]}))


def desk():
    make = Desk()
    for part in [signatures, accepted, strict, refusals, send, answers, mapped]:
        part(make)
    return make.vectors


def text():
    vectors = desk()
    names = [(vector["half"], vector["name"]) for vector in vectors]
    assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
    lines = ",\n".join("  " + json.dumps(vector, ensure_ascii=False) for vector in vectors)
    return f'{{"made_with": {{}}, "vectors": [\n{lines}\n]}}\n'


def write():
    (pathlib.Path(__file__).resolve().parent / "desk.json").write_text(text(), encoding="utf-8")
    print(f"desk: {len(desk())} vectors")


if __name__ == "__main__":
    write()
