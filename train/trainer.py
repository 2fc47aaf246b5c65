"""What every run adds to TRL's trainer: rows known by name, losses watched, held-out loss.

    trainer_class = guide_trainer(SFTTrainer)
    trainer = trainer_class(model=model, args=arguments, train_dataset=columns, ...)
    trainer.set_up(data, run)

The held-out loss is taken here and not by the library's loop, which averages means of batches: this
one divides the summed loss of all learnt tokens by their number, so that it is the same number
whatever the batches, the padding, the backend or the count of devices.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from data.errors import TrainingError
from train.data import IGNORED, TokenRow, TrainingData, batches_by_style
from train.run import Run

EVALUATION_BATCH = 8
"""Rows a forward pass of the held-out loss; no gradients are kept, so it may be generous."""


class LossWatch:
    """The losses of the step in progress and the rows they came from."""

    def __init__(self, rows: list[TokenRow], run: Run) -> None:
        self._rows, self._run = rows, run
        self._seen: list[tuple[Any, list[int]]] = []
        self.tokens = 0

    def see(self, loss: Any, rows: list[int]) -> None:
        """Keep a batch's loss, still on its device: reading it now would make the device wait."""
        self._seen.append((loss, rows))
        self.tokens += sum(len(self._rows[row].input_ids) for row in rows)

    def check(self, step: int) -> None:
        """Before the weights move.

        Raises:
            TrainingError: a loss is not finite; the sentence names the rows of its batch.
        """
        import torch

        if not self._seen:
            return
        losses = torch.stack([loss.reshape(()) for loss, _ in self._seen]).float().cpu()
        seen, self._seen = self._seen, []
        for loss, (_, rows) in zip(losses.tolist(), seen, strict=True):
            if not math.isfinite(loss):
                names = ", ".join(self._rows[row].id for row in rows)
                raise TrainingError(
                    f"The loss became {loss} in step {step + 1}, on the rows {names}; the weights "
                    f"before it are kept in {self._run.path}. A lower rate often cures it: "
                    f"--set learning_rate={self._run.recipe.learning_rate / 2:g}"
                )

    def take_tokens(self) -> int:
        """Tokens since the last call, padding not counted."""
        tokens, self.tokens = self.tokens, 0
        return tokens


def guide_trainer(library: type) -> type:
    """TRL's SFT trainer, or a backend's version of it, with this module's additions."""

    class GuideTrainer(library):  # type: ignore[misc]  # the class is the backend's
        """One run's trainer."""

        def set_up(self, data: TrainingData, run: Run, pad: int) -> None:
            """Name the rows of every batch and hold the validation rows."""
            self.guide_validation, self.guide_pad = data.validation, pad
            self.guide_watch = LossWatch(data.train, run)
            self.guide_lora_plus = run.recipe.lora_plus
            collate = self.data_collator.torch_call

            def collate_with_rows(examples: list[dict[str, Any]]) -> Any:
                batch = collate(examples)
                # A list, which no device has to copy.
                batch["rows"] = [example["rows"] for example in examples]
                return batch

            self.data_collator.torch_call = collate_with_rows

        def training_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            """One forward and backward pass."""
            rows = inputs.pop("rows")
            loss = super().training_step(model, inputs, *args, **kwargs)
            self.guide_watch.see(loss.detach(), rows)
            return loss

        def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
            """Loss a learnt token over the validation rows, and of each style alone."""
            metrics = held_out_loss(
                self.model, self.guide_validation, self.guide_pad, self.accelerator
            )
            self.log(dict(metrics))
            self.control: Any = self.callback_handler.on_evaluate(
                self.args, self.state, self.control, metrics
            )
            self.model.train()
            return metrics

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """The run folder explains itself; the library's card would say it again, worse."""

        def create_optimizer(self, *args: Any, **kwargs: Any) -> Any:
            """The library's optimizer, or LoRA+: a higher rate for the B matrices."""
            if not self.guide_lora_plus:
                return super().create_optimizer(*args, **kwargs)
            from peft.optimizers import create_loraplus_optimizer

            kind, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            self.optimizer: Any = create_loraplus_optimizer(
                self.model,
                kind,
                loraplus_lr_ratio=self.guide_lora_plus,
                loraplus_weight_decay=self.args.weight_decay,
                **options,
            )
            return self.optimizer

    return GuideTrainer


def held_out_loss(model: Any, rows: list[TokenRow], pad: int, accelerator: Any) -> dict[str, float]:
    """`eval_loss` and `eval_STYLE_loss`, in nats a learnt token, over the rows of all processes.

    Each process makes as many passes as the others, the last perhaps for nothing: where the weights
    are divided among them, a layer is fetched by all at once.
    """
    import torch

    model.eval()
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    styles = sorted({row.style for row in rows})
    batches = list(batches_by_style(rows, EVALUATION_BATCH))
    for first in range(0, len(batches), accelerator.num_processes):
        number = first + accelerator.process_index
        style, batch = batches[min(number, len(batches) - 1)]
        inputs = {k: v.to(accelerator.device) for k, v in padded(batch, pad).items()}
        with torch.no_grad(), accelerator.autocast():
            loss = model(**inputs, use_cache=False).loss
        if number >= len(batches):
            continue
        learnt = sum(row.learnt for row in batch)
        sums[style][0] += float(loss) * learnt
        sums[style][1] += learnt
    totals = torch.tensor([sums[style] for style in styles], device=accelerator.device)
    totals = accelerator.reduce(totals, "sum").double().cpu()
    metrics = {"eval_loss": float(totals[:, 0].sum() / totals[:, 1].sum())}
    for style, (loss, count) in zip(styles, totals.tolist(), strict=True):
        metrics[f"eval_{style}_loss"] = loss / count
    return metrics


def padded(batch: list[TokenRow], pad: int) -> dict[str, Any]:
    """`input_ids`, `attention_mask` and `labels`, each of rows × longest, padded on the right."""
    import torch

    longest = max(len(row.input_ids) for row in batch)

    def fill(values: list[int], filler: int) -> list[int]:
        return values + [filler] * (longest - len(values))

    return {
        "input_ids": torch.tensor([fill(row.input_ids, pad) for row in batch]),
        "attention_mask": torch.tensor([fill([1] * len(row.input_ids), 0) for row in batch]),
        "labels": torch.tensor([fill(row.labels, IGNORED) for row in batch]),
    }
