"""Joins a call's room as an independent client, and says on standard output what happens there, a JSON object a line.

    participant.py SERVER_URL TOKEN [audio] [video]

It sends a tone or a picture if asked to, says when it hears or sees somebody, and leaves when standard input ends.
"""
import asyncio
import json
import math
import struct
import sys

from livekit import rtc

RATE, FRAME = 48_000, 480


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


async def hear(track, identity):
    async for it in rtc.AudioStream(track, sample_rate=RATE, num_channels=1):
        samples = struct.unpack(f"{len(it.frame.data)}h", bytes(it.frame.data.cast("b")))
        if max(map(abs, samples), default=0) > 1000:
            return say("heard", who=identity)


async def see(track, identity):
    async for _ in rtc.VideoStream(track):
        return say("saw", who=identity)


async def send_tone(room):
    source = rtc.AudioSource(RATE, 1)
    track = rtc.LocalAudioTrack.create_audio_track("tone", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await room.local_participant.publish_track(track, options)
    say("published", what="audio")
    at = 0
    while True:
        frame = rtc.AudioFrame.create(RATE, 1, FRAME)
        for i in range(FRAME):
            frame.data[i] = int(8000 * math.sin(2 * math.pi * 440 * (at + i) / RATE))
        at += FRAME
        await source.capture_frame(frame)


async def send_picture(room):
    source = rtc.VideoSource(64, 64)
    track = rtc.LocalVideoTrack.create_video_track("picture", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA)
    try:
        await asyncio.wait_for(room.local_participant.publish_track(track, options), 10)
    except Exception as e:  # whatever the client makes of a refusal
        return say("refused", what="video", why=str(e))
    say("published", what="video")
    picture = rtc.VideoFrame(64, 64, rtc.VideoBufferType.RGBA, bytes([200] * 64 * 64 * 4))
    while True:
        source.capture_frame(picture)
        await asyncio.sleep(0.1)


async def main():
    url, token, *wanted = sys.argv[1:]
    room = rtc.Room()
    tasks = set()

    def begin(work):
        task = asyncio.ensure_future(work)
        tasks.add(task)

    @room.on("track_subscribed")
    def _(track, _publication, participant):
        kind = hear if track.kind == rtc.TrackKind.KIND_AUDIO else see
        begin(kind(track, participant.identity))

    @room.on("disconnected")
    def _(reason):
        say("disconnected", reason=str(reason))

    try:
        await room.connect(url, token)
    except Exception as e:
        return say("not connected", why=str(e))
    say("connected", room=room.name, identity=room.local_participant.identity)
    if "audio" in wanted:
        begin(send_tone(room))
    if "video" in wanted:
        begin(send_picture(room))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await room.disconnect()


asyncio.run(main())
