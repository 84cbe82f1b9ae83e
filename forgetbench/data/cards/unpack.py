"""Unpacking archives that nobody has vouched for: regular files only, inside the folder given, within a size."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from forgetbench.data.cards.archives import DAMAGE, Member, kind_of_archive, opened_archive
from forgetbench.errors import DataError, brief, shortened
from forgetbench.names import stays_inside
from forgetbench.room import require_room, taken

#: More things than a dataset's archive holds; each takes memory and time before anything is known of it.
MOST_MEMBERS = 1_000_000
#: What file systems take: bytes of one name and of a path, the folder it is unpacked into left aside.
_LONGEST_NAME, _LONGEST_PATH = 255, 2_000
#: Folders within each other.
_DEEPEST = 100
#: Numbers of errors that a place in the archive, which it names itself, leads to.
_NO_PLACE = (errno.EINVAL, errno.EOVERFLOW)


def unpack(
    archive: Path,
    into: Path,
    *,
    keep: Sequence[str] = (),
    top: str | None = None,
    most_bytes: int,
    most_members: int = MOST_MEMBERS,
    called: str | None = None,
    ask_room: Callable[[int], object] | None = None,
) -> int:
    """Unpack a zip or tar archive after checking all of its members; return the bytes written.

    Args:
        archive: The archive.
        into: Existing folder to unpack into.
        keep: Names of the only files and folders wanted, each of which has to be there; empty for all.
        top: The only folder wanted; its content goes straight into `into`.
        most_bytes: The members wanted may not be larger in all.
        most_members: There may not be more members in it, wanted or not.
        called: What errors call the archive, by default its path.
        ask_room: Told how much of the disk is going to be taken, and raises an error if that is too much; by default
            there has to be room where it is unpacked.

    Raises:
        DataError: a member is unsafe (outside the folder, a link, a device), too much or too little is in it, two
            members have one name, or it is damaged.
        RunError: there is not enough room; nothing was unpacked.
        OSError: it cannot be written.
    """
    where = called or str(archive)
    ask_room = ask_room or (lambda wanted: require_room(into, wanted, "what is unpacked"))
    try:
        with opened_archive(archive, most_members) as (members, read):
            wanted = _choose(where, members, keep, top, most_bytes, most_members)
            ask_room(sum(taken(member.size) for member in wanted.values()))
            for folder in dict.fromkeys(target.parent for target in wanted):
                (into / folder).mkdir(parents=True, exist_ok=True)
            for target, member in wanted.items():
                path = into / target
                with read(member) as source, path.open("xb") as written:
                    shutil.copyfileobj(source, written, 1 << 20)
                    if written.tell() != member.size:
                        raise EOFError(f"{brief(member.name)} should have {member.size} bytes and has {written.tell()}")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise _two_of_one_name(where, Path(error.filename).name) from error
    except (OSError, *DAMAGE) as error:
        # Of a damaged stream, gzip and bz2 raise this without a number.
        if isinstance(error, OSError) and error.errno not in (None, *_NO_PLACE):
            raise
        raise DataError(
            "archive is damaged or of an unknown kind",
            where=where,
            expected="a zip or tar archive",
            found=_found(archive, error),
        ) from error
    return sum(member.size for member in wanted.values())


def _choose(
    where: str,
    members: Iterable[Member],
    keep: Sequence[str],
    top: str | None,
    most_bytes: int,
    most_members: int,
) -> dict[PurePosixPath, Member]:
    """Return each file wanted by where it goes; every member is checked."""
    wanted: dict[PurePosixPath, Member] = {}
    kept = {PurePosixPath(wish) for wish in keep}
    above = None if top is None else PurePosixPath(top)
    lacking = kept | ({above} if above else set())
    total = 0
    for count, member in enumerate(members, start=1):
        if count > most_members:
            raise DataError("archive is too large", where=where, expected=f"at most {most_members:,} files and folders")
        if not stays_inside(member.name) or member.kind == "other":
            raise DataError(
                "archive is unsafe, nothing was unpacked",
                where=where,
                expected="only files and folders inside it",
                found=brief(member.name),
            )
        path = PurePosixPath(member.name)
        around = {path, *path.parents}
        if member.kind == "folder" or (kept and kept.isdisjoint(around)) or (above and above not in around):
            continue
        target = path.relative_to(above) if above else path
        _check_length(where, target)
        if target in wanted:
            raise _two_of_one_name(where, str(target))
        wanted[target] = member
        lacking -= around
        total += member.size
        if total > most_bytes:
            raise DataError(
                "archive is too large", where=where, expected=f"at most {most_bytes} bytes", found=f"{total} or more"
            )
    absent = [wish for wish in (*keep, *([top] if top else [])) if PurePosixPath(wish) in lacking]
    if absent:
        raise DataError("archive lacks what is wanted of it", where=where, expected=f"'{absent[0]}'")
    return wanted


def _check_length(where: str, path: PurePosixPath) -> None:
    """Refuse what no file can be called.

    Raises:
        DataError: a name or the whole path is too long, or too deep.
    """
    longest = max(len(part.encode()) for part in path.parts)
    if longest > _LONGEST_NAME or len(str(path).encode()) > _LONGEST_PATH or len(path.parts) > _DEEPEST:
        raise DataError(
            "archive holds a name that is too long for a file",
            where=where,
            expected=f"names of at most {_LONGEST_NAME} bytes, in at most {_DEEPEST} folders",
            found=brief(str(path)),
        )


def _two_of_one_name(where: str, name: str) -> DataError:
    return DataError("archive holds two things of one name", where=where, found=brief(name))


def _found(path: Path, error: Exception) -> str:
    """Return what a file that could not be unpacked is, in a few words."""
    return kind_of_archive(path, error) or shortened(" ".join(str(error).split()), 200) or type(error).__name__
