"""What `ssh -N -L` does, for tests: forwards the local port to a port that the environment names."""

import os
import socket
import sys
import threading


def main() -> int:
    if sys.argv[-1].endswith("-unreachable"):
        sys.stderr.write(f"ssh: Could not resolve hostname {sys.argv[-1]}\n")
        return 255
    local = int(sys.argv[sys.argv.index("-L") + 1].split(":")[1])
    with socket.create_server(("127.0.0.1", local)) as server:
        while True:
            near, _ = server.accept()
            far = socket.create_connection(("127.0.0.1", int(os.environ["FORWARD_TO"])))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=copy, args=ends, daemon=True).start()


def copy(source: socket.socket, sink: socket.socket) -> None:
    while data := source.recv(65_536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    sys.exit(main())
