"""What can go wrong between the two wires. All are ValueErrors whose text is one sentence, fit for a client.

Unconvertible   a request asks for something that the other wire has no word for
BadEvent        the upstream server sent a reply, or an event of a stream, that is none
CutOffStream    the upstream server ended a stream before it had finished its message
"""


class Unconvertible(ValueError):
    """The request cannot be carried over; the sentence names the field. The client's fault: status 400."""


class BadEvent(ValueError):
    """What the server sent is not of its wire; the sentence names the field. The server's fault: status 502."""


class CutOffStream(ValueError):
    """The stream ended early, so what came is not the whole message."""
