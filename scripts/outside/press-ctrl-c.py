"""Runs a command in a terminal of its own, presses Ctrl-C once it says 'listening', prints its output, and ends as it does."""

import os
import pty
import sys

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
output = b""
while True:
    try:
        chunk = os.read(terminal, 1024)
    except OSError:
        break
    if not chunk:
        break
    output += chunk
    if b"listening" in output:
        output = output.replace(b"listening", b"")
        os.write(terminal, b"\x03")
sys.stdout.buffer.write(output)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
