#!/usr/bin/env python3
"""A pseudo-terminal on which something other than a current Lacuna device answers: peer.py silent|chatter|newer|older

Prints the terminal's name, and goes on until it is ended.
"""
import os
import pty
import struct
import sys
import tty
import zlib


def cobs(body):
    blocks = bytearray()
    for part in bytes(body).split(b"\0"):  # none of ours is longer than a block
        blocks += bytes([len(part) + 1]) + part
    return bytes(blocks) + b"\0"


def decode(frame):
    body, at = bytearray(), 0
    while at < len(frame):
        code = frame[at]
        body += frame[at + 1 : at + code]
        at += code
        if at < len(frame):
            body.append(0)
    return bytes(body)


def main():
    kind = sys.argv[1]
    master, slave = pty.openpty()
    tty.setraw(slave)
    print(os.ttyname(slave), flush=True)
    line = b""
    while True:
        data = os.read(master, 4096)
        if kind == "chatter":
            os.write(master, b"\r\nlogin: ")
        elif kind in ("newer", "older"):
            line += data
            while b"\0" in line:
                frame, line = line.split(b"\0", 1)
                if frame:
                    session_and_sequence = decode(frame)[:4]
                    version = 7 if kind == "newer" else 0
                    body = session_and_sequence + b"\0" + b"LACU" + struct.pack("<H", version) + bytes(58)
                    os.write(master, cobs(body + struct.pack("<I", zlib.crc32(body))))


main()
