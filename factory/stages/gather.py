"""gather: Task -> Pack."""

from factory.context.gather import gather as gather_pack
from factory.contracts.run import Run
from factory.contracts.task import Pack, PackRef
from factory.stages.lessons import lessons_for
from factory.stages.shop import Shop


def gather(run: Run, shop: Shop) -> Run:
    """What a model will see of the repository, chosen from the base commit."""
    assert run.task
    if run.task.kind == "tidy":  # no model, so nothing to show
        return run.but(pack=PackRef(blob=shop.blobs.put(Pack(tree="").to_json().encode()), tokens=0))
    room = int(shop.settings.line.pack_tokens * (1 - shop.settings.memory.share))
    pack = gather_pack(shop.trees, run.repo.tree, run.task, room)
    files = tuple(dict.fromkeys(file.path for file in pack.files))
    lessons = lessons_for(run, shop, f"{run.task.title}\n{run.task.body}", files)
    pack = pack.but(lessons=lessons)
    return run.but(pack=PackRef(blob=shop.blobs.put(pack.to_json().encode()), tokens=pack.tokens, files=files,
                                lessons=tuple(lesson.id for lesson in lessons)))  # fmt: skip


def pack_of(run: Run, shop: Shop) -> Pack:
    assert run.pack
    return Pack.from_json(shop.blobs.get(run.pack.blob))
