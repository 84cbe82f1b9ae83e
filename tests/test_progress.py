from support.recorder import Recorder

from forgetbench.progress import Silent, download_messages


def test_a_download_says_a_line_for_every_tenth() -> None:
    recorder = Recorder()
    tell = download_messages(recorder)
    for received in range(0, 101, 2):
        tell("a.zip", received * 10**6, 100 * 10**6)
    assert len(recorder.lines) == 11
    assert recorder.lines[5] == "info: downloading a.zip: 50 MB of 100"


def test_a_download_of_unknown_size_says_one_line() -> None:
    recorder = Recorder()
    tell = download_messages(recorder)
    tell("a.zip", 10**6, 0)
    tell("a.zip", 2 * 10**6, 0)
    assert recorder.lines == ["info: downloading a.zip: 1 MB"]


def test_silent_takes_everything() -> None:
    silent = Silent()
    silent.message("words")
    with silent.task("work", 3, "step") as advance:
        advance(3, "")
