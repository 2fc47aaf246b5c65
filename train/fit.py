"""The fit: from a recipe to a finished run folder.

from train.fit import fit
run = fit(load_recipe("tiny"), "tiny-1", Path("runs"), console)
run.info.best.loss

A run of the same name, recipe and data that was interrupted goes on from its last checkpoint and
ends where it would have ended.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from data.errors import OutputError, TrainingError
from train.backends import Backend, Numbers, load_backend
from train.base import BaseModel, find_base
from train.data import TrainingData, load_training_data, rows_as_columns
from train.hardware import (
    Hardware,
    choose_backend,
    choose_precision,
    find_hardware,
    is_first_process,
    versions,
    world_size,
)
from train.plan import Plan, make_plan
from train.recipe import Recipe
from train.run import (
    BaseInfo,
    DataInfo,
    Run,
    RunInfo,
    create_run,
    forget_after,
    load_run,
    save_info,
    saying_a_full_disk,
)

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that is known before a weight is loaded."""

    recipe: Recipe
    hardware: Hardware
    backend: Backend
    precision: Numbers
    base: BaseModel
    tokenizer: Any
    data: TrainingData
    plan: Plan

    @property
    def longest_pass(self) -> int:
        """Most tokens that can go through the model at once, as one sequence."""
        lengths = sorted((len(row.input_ids) for row in self.data.train), reverse=True)
        if self.recipe.batching == "padded":
            return max(self.recipe.max_length, lengths[0])
        return max(self.recipe.max_length, sum(lengths[: self.plan.micro_batch]))


def prepare(recipe: Recipe, console: Console) -> Job:
    """Choose device, backend and precision, find the base, read the rows: all that can be refused.

    Raises:
        GuideError: of the recipe, the model or the data, whichever is wrong.
    """
    hardware = find_hardware()
    chosen, reason = choose_backend(recipe, hardware)
    precision = choose_precision(recipe, hardware)
    if is_first_process():
        console.print(
            f"Backend: {chosen}, because {reason}; {recipe.bits}-bit base, {precision}.",
            highlight=False,
        )
    quiet()
    backend = load_backend(chosen)  # before transformers: Unsloth patches it as it is imported
    base = find_base(recipe, console)
    tokenizer = base.tokenizer()
    data = load_training_data(recipe, tokenizer)
    plan = make_plan(recipe, len(data.train), world_size())
    return Job(recipe, hardware, backend, precision, base, tokenizer, data, plan)


def fit(recipe: Recipe, name: str, folder: Path, console: Console) -> Run:
    """Train as the recipe says, into `folder/name`.

    Raises:
        GuideError: what was asked cannot be, or the run had to stop.
    """
    job = prepare(recipe, console)
    with saying_a_full_disk(folder / name):
        return run_job(job, open_run(job, folder / name, console), console)


def run_job(job: Job, run: Run, console: Console) -> Run:
    """Load the model, train, and leave a whole run folder."""
    model = job.backend.load(job.base, job.recipe, job.precision, job.longest_pass)
    run.info.trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    if job.recipe.method == "sft":
        trainer = sft_trainer(job, run, model)
    else:
        from train.preference import preference_trainer

        trainer = preference_trainer(job, run, model)
    keep_losses_whole(trainer.accelerator)
    watch(trainer, job, run, console)
    checkpoint = run.last_checkpoint()
    if checkpoint is not None:
        step = int(checkpoint.name.rpartition("-")[2])
        if is_first_process():
            console.print(f"Going on from step {step}.", highlight=False)
            forget_after(run, step)
        if job.hardware.device == "cpu" and world_size() > 1:
            _know_numbered_processors()
    with stopping(run):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    finish(run)
    return run


def _know_numbered_processors() -> None:
    """Let torch read a checkpoint to "cpu:0", as the trainer asks where several processes are.

    Of processors torch knows "cpu" alone.
    """
    import torch

    torch.serialization.register_package(
        30, lambda _: None, lambda storage, place: storage if place.startswith("cpu:") else None
    )


def sft_trainer(job: Job, run: Run, model: Any) -> Any:
    """TRL's SFT trainer over the tokenized rows, with this project's additions."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer  # type: ignore[attr-defined]

    from train.trainer import guide_trainer

    recipe = job.recipe
    trainer = guide_trainer(SFTTrainer)(
        model=model,
        args=SFTConfig(
            **shared_arguments(job, run),
            # The rows are tokenized and masked already (train/data.py) and none is too long.
            dataset_kwargs={"skip_prepare_dataset": True},
            max_length=None,
            packing=False,
            padding_free=recipe.batching != "padded",
            neftune_noise_alpha=recipe.neftune or None,
        ),
        train_dataset=Dataset.from_dict(rows_as_columns(job.data.train)),
        processing_class=job.tokenizer,
    )
    trainer.set_up(job.data, run, job.tokenizer.pad_token_id)
    return trainer


def keep_losses_whole(accelerator: Any) -> None:
    """Leave the losses of divided weights in 32 bits: accelerate rounds them as it does weights."""
    plugin = getattr(accelerator.state, "fsdp_plugin", None)
    if plugin is not None and plugin.mixed_precision_policy is not None:
        policy = replace(plugin.mixed_precision_policy, output_dtype=None)
        plugin.mixed_precision_policy = policy


def watch(trainer: Any, job: Job, run: Run, console: Console) -> None:
    """Add the callback that schedules, keeps and writes."""
    from transformers import PrinterCallback

    from train.callbacks import Watcher
    from train.samples import tell_samples

    def tell() -> list[dict[str, Any]]:
        unwrapped = trainer.accelerator.unwrap_model(trainer.model)
        tokens, batch = job.recipe.sample_tokens, job.recipe.sample_batch
        return tell_samples(job.backend, unwrapped, job.tokenizer, job.data.works, tokens, batch)

    watcher = Watcher(
        trainer,
        run,
        console,
        epoch_steps=job.plan.steps_per_epoch,
        tell_samples=tell if job.data.works else None,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(watcher)


def shared_arguments(job: Job, run: Run) -> dict[str, Any]:
    """Arguments that every method's trainer takes."""
    recipe, plan = job.recipe, job.plan
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(run.path / "tensorboard")
    return {
        "output_dir": str(run.checkpoints),
        "run_name": run.info.name,
        "per_device_train_batch_size": plan.micro_batch,
        "gradient_accumulation_steps": plan.accumulation,
        "num_train_epochs": recipe.epochs,
        "max_steps": recipe.max_steps or -1,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": recipe.schedule,
        "warmup_steps": recipe.warmup,  # below 1: a share of all steps
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": recipe.max_grad_norm,
        "optim": {"adamw": "adamw_torch", "adamw_8bit": "adamw_8bit"}[recipe.optimizer],
        "bf16": job.precision == "bf16",
        "fp16": job.precision == "fp16",
        "use_cpu": job.hardware.device == "cpu",
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "ddp_find_unused_parameters": False if world_size() > 1 else None,
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "remove_unused_columns": False,
        "dataloader_pin_memory": job.hardware.device == "cuda",
        # The watcher asks for evaluations and checkpoints.
        "eval_strategy": "no",
        "save_strategy": "no",
        "save_total_limit": 2,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "report_to": ["tensorboard", "trackio"] if recipe.trackio else ["tensorboard"],
        "disable_tqdm": True,
    }


def quiet() -> None:
    """Keep the libraries' bars and hints out of the user's sight; their warnings stay."""
    import logging

    import datasets
    from transformers.utils import logging as transformers_logging

    datasets.disable_progress_bars()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    # Said on every machine without a GPU, of a kernel that only 4 bits on a CPU would use.
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)


def open_run(job: Job, path: Path, console: Console) -> Run:
    """A new run folder, or the interrupted run of the same name, recipe and data.

    Raises:
        OutputError: the folder is a finished run's or another's.
    """
    info = _info(job, path.name)
    if not is_first_process():
        if (path / "run.json").exists():  # what was best decides what all processes do together
            return _going_on(Run(path, job.recipe, info), load_run(path))
        return Run(path, job.recipe, info)
    if not (path / "run.json").exists():
        run = create_run(path, job.recipe, info)
        job.tokenizer.save_pretrained(run.tokenizer)
        return run
    old = load_run(path)
    if old.info.status == "finished":
        raise OutputError(f"{path} is a finished run; choose another --name.")
    if old.recipe != job.recipe or old.info.data.fingerprint != info.data.fingerprint:
        what = "recipe" if old.recipe != job.recipe else "data"
        raise OutputError(
            f"{path} was begun with another {what}; choose another --name, or go on with what "
            f"{path / 'recipe.toml'} says."
        )
    console.print(f"{path} was interrupted; going on with it.", highlight=False)
    run = _going_on(Run(path, job.recipe, info), old)
    if run.last_checkpoint() is None:
        forget_after(run, -1)
    return run


def _going_on(run: Run, old: Run) -> Run:
    """What is known of the interrupted run; of one without a checkpoint, nothing was best."""
    run.info.started = old.info.started
    run.info.best = old.info.best if run.last_checkpoint() else None
    return run


@contextlib.contextmanager
def stopping(run: Run) -> Any:
    """Leave word in the run folder of why a run stopped."""
    try:
        yield
    except BaseException as error:
        if is_first_process():
            run.info.status = "stopped"
            run.info.note = str(error) if isinstance(error, TrainingError) else type(error).__name__
            with contextlib.suppress(OSError):  # the disk may be why it stopped
                save_info(run)
        raise


def finish(run: Run) -> None:
    """Mark the run as finished and write its report."""
    from train.report import write_report

    if not is_first_process():
        return
    run.info.status = "finished"
    run.info.final |= _last_figures(run)
    save_info(run)
    write_report(run)


def _last_figures(run: Run) -> dict[str, float]:
    """The last training loss and held-out losses, and the typical speed."""
    from statistics import median

    lines = list(run.metrics())
    figures: dict[str, float] = {}
    steps = [m for m in lines if "loss" in m]
    if steps:
        tail = steps[-10:]
        figures["train_loss"] = round(sum(m["loss"] for m in tail) / len(tail), 4)
        figures["seconds_a_step"] = median(m["seconds"] for m in steps)
        speeds = [m["tokens_per_second"] for m in steps if "tokens_per_second" in m]
        figures |= {"tokens_per_second": median(speeds)} if speeds else {}
    held_out = [m for m in lines if "eval_loss" in m]
    if held_out:
        figures |= {k: v for k, v in held_out[-1].items() if k.startswith("eval_")}
    return figures


def _info(job: Job, name: str) -> RunInfo:
    lengths = [len(row.input_ids) for row in job.data.train]
    return RunInfo(
        name=name,
        method=job.recipe.method,
        backend=job.backend.name,
        precision=job.precision,
        base=BaseInfo(
            base=job.base.hub,
            gguf=job.base.gguf,
            source=job.base.source,
            folder=str(job.base.folder),
            licence=job.base.licence,
        ),
        data=DataInfo(
            fingerprint=job.data.fingerprint,
            train_rows=len(lengths),
            validation_rows=len(job.data.validation),
            train_tokens=sum(lengths),
            longest=max(lengths),
        ),
        hardware=job.hardware,
        versions=versions(),
        steps=job.plan.steps,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
