"""`forgetbench layers`: modules with their cost, and the names of freeze points."""

from support.called import call


def test_layers_lists_modules_and_the_names_of_freeze_points() -> None:
    done = call("layers", "yolov8n.yaml")
    assert done.exit_code == 0, done.output
    assert "yolov8n: 3,157,200 parameters, 8.7 GFLOPs at 640 px" in done.output
    rows = {line.split()[0]: line for line in done.output.splitlines() if line[:1].isdigit()}
    assert len(rows) == 23
    assert rows["10"].split()[-3:] == ["59.7", "%", "backbone"]
    assert rows["22"].split()[-3:] == ["28.4", "%", "all-but-head"]
    assert "Modules 0-9 are the backbone, 10-21 the neck, 22 the detection head" in done.output
    assert "Modules 10, 11, 13, 14, 17, 20 hold no parameters" in done.output
    assert "counted with the original's 80 classes; `check` counts with your data's" in done.output
    assert "GFLOPs are of convolutions and matrix products alone" in done.output


def test_layers_of_yolov10_reads_the_indices_from_the_model() -> None:
    done = call("layers", "yolov10n.yaml", "--imgsz", "64")
    assert "Modules 0-10 are the backbone, 11-22 the neck, 23 the detection head" in done.output
