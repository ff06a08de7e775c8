"""What the mutator begins with: Exotel's own bodies, the sample list, shapes made by hand, and what was once found.

A file of `corpus/` is called after what reads it (`answer-…`, `callback-…`, `list-…`, `web-…`) and fed as it is.
"""

import gzip
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "samples"
FOUND = Path(__file__).with_name("corpus")
MULTIPART = 'multipart/form-data; boundary="form-data-boundary-0123456789abcdef"'
CONTENT_TYPES = (
    MULTIPART,
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/mixed; boundary=a; boundary=b",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/json",
    "text/json; charset=no-such-charset",
    "text/xml",
    "",
    ";;;",
)


def found(kind: str) -> list[bytes]:
    """What once broke something, or nearly did."""
    return [file.read_bytes() for file in sorted(FOUND.glob(f"{kind}-*"))]


def answers() -> list[bytes]:
    """Bodies of Exotel's answers."""
    files = [file for file in sorted((SAMPLES / "exotel").iterdir()) if file.suffix in (".json", ".xml", ".txt")]
    return [*(file.read_bytes() for file in files), *_ANSWERS, *found("answer")]


def callbacks() -> list[bytes]:
    """Bodies of callbacks."""
    return [(SAMPLES / "exotel" / "callback.multipart").read_bytes(), *_CALLBACKS, *found("callback")]


def lists() -> list[bytes]:
    """CSV lists."""
    return [(SAMPLES / "leads.csv").read_bytes(), *_LISTS, *found("list")]


_SID = b"c0ffee0000000000000000000000189g"

_ANSWERS = (
    b"",
    b"[]",
    b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    b'{"Call": {"Sid": 17}}',
    b'{"Call": [{"Sid": "a"}, {"Sid": "b"}]}',
    b'{"Calls": {"Call": {"Sid": "a"}}, "Metadata": {"NextPageUri": "/next"}}',
    b'{"Call": {"Sid": "a", "Sid": "b", "Status": "completed"}}',
    b'{"Calls": null}',
    b'{"RestException": {"Status": 400, "Message": "CallerId is not from this account"}}',
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b"<a>" * 3_000,
    b'{"Call": {"Sid": "' + b"x" * 100_000 + b'"}}',
    b'{"Call": {"Duration": ' + b"9" * 10_000 + b', "Sid": "a"}}',
    b'\xef\xbb\xbf{"Call": {"Sid": "a", "Price": "-0.000000", "Duration": "1e3"}}',
    b'<?xml version="1.0" encoding="utf-16"?><R><Call><Sid>a</Sid></Call></R>',
    b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><R><Call><Sid>&b;</Sid></Call></R>',
    b"<R>" + b"<Call><Sid>a</Sid><Status>busy</Status></Call>" * 300 + b"</R>",
    b"\x1f\x8b\x08\x00\x00\x00",
)

_CALLBACKS = (
    b"",
    b"CallSid=" + _SID + b"&Status=completed",
    b"CallSid=" + _SID + b"&Status=busy&CallSid=another&Status=completed",
    b'{"CallSid": "' + _SID + b'", "Status": "no-answer", "Legs": [{"Status": "failed"}]}',
    b"<Call><CallSid>" + _SID + b"</CallSid></Call>",
    b"&".join(b"f%d=x" % number for number in range(100_000)),
    b"CallSid=" + b"x" * 60_000,
    b"&" * 65_000,
    b"--b\r\n" * 12_000,
    b'--b\r\nContent-Disposition: form-data; name="CallSid"\r\n\r\n' + _SID + b"\r\n--b--\r\n",
    b'--b\nContent-Disposition: form-data; name=CallSid; filename="x"\n\n' + _SID + b"\n--b--",
    b'--b\r\nContent-Disposition: form-data; name="' + b"N" * 50_000 + b'"\r\n\r\n\r\n--b--',
    b"CallSid=%00" + _SID + b"%0d%0aX: y&Status=%E2%80%AEdetelpmoc",
    b"CallSid=" + _SID + b"&Status=completed\x00\r\n\r\nHTTP/1.1 200 OK",
    b"x" * (64 * 1024),
    b"x" * (64 * 1024 + 1),
    gzip.compress(b"CallSid=" + _SID + b"&Status=completed"),
    gzip.compress(b"x" * 10_000_000),
)

_LISTS = (
    b"",
    b"phone\n",
    b"phone\n9812300001\n",
    b"phone,name\r9812300001,A\r9812300002,B\r",
    b'phone,name\r\n9812300001,"a\r\nb"\r\n\r\n9812300002,"c ""d"""\r\n',
    b"\xef\xbb\xbfphone,name\n9812300001,\xe0\xa4\x85\n  \n\t\n9812300002\n9812300003,x,y\n",
    b'phone,name\n9812300001,"never closed\n9812300002,b\n',
    b'phone,name\n9812300001,"closed"too early\n',
    b'phone,name\n9812300001,in "the" middle\n"9812300002" ,b\n',
    b'phone\n"9812300001"\n""\n" "\n',
    b"phone;name\n9812300001;A\n",
    b'sep=;\nname;phone\n"a;b";9812300001\nc;9812300002\n',
    b"Leads\r\n\r\nname\tphone\r\nA, b\t9812300001\r\nC\t9812300002\r\n",
    b"name|phone\nA|9812300001\n|9812300002\n",
    b'name,phone\n"A,9812300001\nB,9812300002\nC",9812300003\n',
    "name;phone\nआशा;9812300001\n".encode("utf-16-le"),
    b"phone,mobile\n1,2\n",
    b"name,city\na,b\n",
    b"phone,,\n1,2,3\n",
    b"phone\n" + b"9812300001\n" * 5_001,
    b"phone,name\n9812300001," + b"n" * 110_000 + b"\n",
    b"phone,name\n9812300001," + b"," * 50_000 + b"\n",
    "phone,name\n9812300001,a\n".encode("utf-16"),
    b"phone,name\n9812300001,caf\xe9\n",
    b"phone,NA\nNA,null\n9.19E+11,1.0\n9812300001.0,-\n",
)
