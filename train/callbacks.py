"""What happens beside the training: when to evaluate, what to keep, what to write and to show.

trainer.add_callback(Watcher(trainer, run, console, epoch_steps=100))
"""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from transformers import TrainerCallback

from data.errors import TrainingError
from train.hardware import is_divided, is_first_process
from train.run import Best, Run, append_metrics, save_info

TellSamples = Callable[[], list[dict[str, Any]]]


class Watcher(TrainerCallback):
    """One run's schedule, its metrics file, its best adapter and its words to the user."""

    def __init__(
        self,
        trainer: Any,
        run: Run,
        console: Console,
        *,
        epoch_steps: int,
        tell_samples: TellSamples | None = None,
    ) -> None:
        self._trainer, self._run, self._console = trainer, run, console
        self._tell_samples, self._epoch_steps = tell_samples, epoch_steps
        self._first = is_first_process()
        self._worse = 0
        self._started = self._step_began = time.perf_counter()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Learn how many steps there are."""
        self._run.info.steps = state.max_steps
        self._run.info.final["loading_memory"] = peak_memory()
        forget_peak()
        self._started = time.perf_counter()
        self._save()

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock of a step."""
        self._step_began = time.perf_counter()

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Stop before a loss that is not finite reaches the weights."""
        if watch := getattr(self._trainer, "guide_watch", None):
            watch.check(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """Ask for evaluations and checkpoints where the recipe wants them."""
        step, recipe = state.global_step, self._run.recipe
        control.should_log = True
        last = step >= state.max_steps
        if recipe.method == "sft":
            within = step % self._epoch_steps or self._epoch_steps
            marks = {
                round(n * self._epoch_steps / recipe.evaluations)
                for n in range(1, recipe.evaluations + 1)
            }
            control.should_evaluate = within in marks or last
        every = recipe.checkpoint_every
        control.should_save = last or (
            step % every == 0 if every else bool(control.should_evaluate)
        )
        return control

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Write a step's figures."""
        if not self._first or not logs or "loss" not in logs:
            return
        seconds = time.perf_counter() - self._step_began
        values: dict[str, Any] = {"step": state.global_step, "epoch": round(state.epoch, 4)}
        values |= {k: v for k, v in logs.items() if isinstance(v, float) and k != "epoch"}
        values["seconds"] = round(seconds, 4)
        if watch := getattr(self._trainer, "guide_watch", None):
            tokens = watch.take_tokens() * self._trainer.accelerator.num_processes
            values["tokens_per_second"] = round(tokens / seconds, 1)
        values["memory"] = peak_memory()
        append_metrics(self._run, values)
        self._check_gradient(values)
        self._show(values, state.max_steps)

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any
    ) -> Any:
        """Keep the adapter if it is the best, stop if it has long been none."""
        loss = metrics["eval_loss"]
        if not math.isfinite(loss):
            raise TrainingError(
                f"The held-out loss became {loss} after step {state.global_step}; lower the rate "
                f"with --set learning_rate={self._run.recipe.learning_rate / 2:g}"
            )
        best = self._run.info.best
        better = best is None or loss < best.loss
        self._worse = 0 if better else self._worse + 1
        if self._first:
            append_metrics(self._run, {"step": state.global_step, "epoch": state.epoch, **metrics})
        if better:
            self._run.info.best = Best(
                step=state.global_step, loss=loss, by_style=_by_style(metrics)
            )
            self._keep_adapter()
            self._save()
        styles = ", ".join(f"{k} {v:.3f}" for k, v in _by_style(metrics).items())
        self._print(
            f"[bold]held-out loss {loss:.4f}[/] ({styles}) after step {state.global_step}"
            f"{', the best so far' if better else ''}"
        )
        if self._run.recipe.patience and self._worse >= self._run.recipe.patience:
            self._run.info.note = f"no better loss for {self._worse} evaluations"
            control.should_training_stop = True
        return control

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell the samples and keep them as text."""
        if self._tell_samples is None or not (self._first or is_divided()):
            return
        told = self._tell_samples()
        if not self._first:
            return
        append_metrics(
            self._run, {"step": state.global_step, "epoch": state.epoch, "samples": told}
        )
        name = f"epoch-{round(state.epoch, 2):g}.txt"
        text = "\n\n".join(_sample_text(sample) for sample in told)
        (self._run.path / "samples" / name).write_text(text + "\n", encoding="utf-8")

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The figures of the whole run."""
        self._run.info.final |= {
            "steps": state.global_step,
            "seconds": round(time.perf_counter() - self._started, 2),
            "peak_memory": peak_memory(),
        }
        self._run.info.finished = datetime.now(UTC).isoformat(timespec="seconds")
        if self._run.info.best is None:  # preference training has no held-out loss to choose by
            self._keep_adapter()
        self._save()

    def _check_gradient(self, values: dict[str, Any]) -> None:
        # fp16 overflows now and then and its scaler skips the step: no fault there.
        norm = values.get("grad_norm", 0.0)
        if not math.isfinite(norm) and self._run.info.precision != "fp16":
            raise TrainingError(
                f"The gradient became {norm} in step {values['step']}; the best adapter before it "
                f"is kept in {self._run.path}. A lower rate often cures it: "
                f"--set learning_rate={self._run.recipe.learning_rate / 2:g}"
            )

    def _keep_adapter(self) -> None:
        model = self._trainer.accelerator.unwrap_model(self._trainer.model)
        whole = gathered(model) if is_divided() else None
        if self._first:
            save_adapter(model, self._run, whole)

    def _save(self) -> None:
        if self._first:
            save_info(self._run)

    def _show(self, values: dict[str, Any], steps: int) -> None:
        step = values["step"]
        if step > 1 and step < steps and step % max(1, steps // 20):
            return
        speed = values.get("tokens_per_second")
        pace = f", {speed:,.0f} tokens/s" if speed else ""
        done = time.perf_counter() - self._started
        left = (steps - step) * values["seconds"]
        self._print(
            f"step {step}/{steps}  loss {values['loss']:.4f}{pace}, "
            f"{done:,.0f} s, about {left:,.0f} s to go"
        )

    def _print(self, text: str) -> None:
        if self._first:
            self._console.print(text, highlight=False, soft_wrap=True)


def gathered(model: Any) -> dict[str, Any]:
    """The trained weights, whole, where each process holds a part; all of them have to ask."""
    return {
        name: weights.full_tensor().cpu()
        for name, weights in model.named_parameters()
        if weights.requires_grad
    }


def save_adapter(model: Any, run: Run, weights: dict[str, Any] | None = None) -> None:
    """Write the adapter beside the old one, then take its place; `weights` instead of its own."""
    part, old = run.path / "adapter.part", run.path / "adapter.old"
    for folder in (part, old):
        shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(str(part), selected_adapters=["default"], state_dict=weights)
    (part / "README.md").unlink(missing_ok=True)
    _name_base(part / "adapter_config.json", run)
    if run.adapter.exists():
        run.adapter.rename(old)
    part.rename(run.adapter)
    shutil.rmtree(old, ignore_errors=True)


def peak_memory() -> int:
    """Most bytes held at once: allocated on the GPU, or resident on a machine without one."""
    import psutil
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    memory = psutil.Process().memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))


def forget_peak() -> None:
    """Count the GPU's peak anew: loading has its own, and a larger one."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def _name_base(config: Path, run: Run) -> None:
    """The adapter names its base as others know it, not by a folder of this machine."""
    values = json.loads(config.read_text("utf-8"))
    values["base_model_name_or_path"] = run.info.base.base or run.info.base.gguf
    config.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _by_style(metrics: dict[str, float]) -> dict[str, float]:
    return {
        key.removeprefix("eval_").removesuffix("_loss"): round(value, 4)
        for key, value in metrics.items()
        if key.endswith("_loss") and key != "eval_loss"
    }


def _sample_text(sample: dict[str, Any]) -> str:
    verdict = f"{sample['unsupported']} of {sample['claims']} claims unsupported"
    ended = "" if sample["ended"] else ", did not end"
    faults = "".join(f"\n  - {reason}" for reason in sample["reasons"])
    return f"{sample['id']} ({sample['request']}): {verdict}{ended}\n{sample['text']}{faults}"
