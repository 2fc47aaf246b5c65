"""`guide`, the one command: its sub-commands live beside their stages and are imported when called.

guide tell --title "Girl with a Pearl Earring" --artist "Johannes Vermeer"
guide --help
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from data.errors import GuideError

__version__ = "0.1.0"

# In the order of the work: where each sub-command is defined and what it is for. The texts stand
# here so that `guide --help` imports no stage.
COMMANDS = {
    "tell": ("infer.tell:tell", "Write the guide of one work."),
    "speak": ("infer.speech.command:speak", "Speak a guide: a sound file, or the loudspeaker."),
    "batch": ("infer.batch:batch", "Write the guides of many works, from a file to a file."),
    "serve": ("infer.web.command:serve", "Serve the visitor's page, the API, the curator's side."),
    "collect": ("data.collect.command:collect", "Collect records from open collections."),
    "scripts": (
        "data.scripts.command:scripts",
        "Have guides written by a teacher model, and review them.",
    ),
    "check": ("data.facts.command:check", "Check a text against its record."),
    "dataset": ("data.dataset.command:dataset", "Make the data set for training."),
    "train": ("train.command:train", "Fine-tune a model on the corpus by a recipe."),
    "export": ("export.command:export", "Turn a training run into verified GGUF files."),
    "verify": ("export.command:verify", "Check a GGUF file against the run it was made from."),
    "publish": ("export.command:publish", "Upload an exported model to the model hub."),
    "evaluate": ("evaluate.command:evaluate", "Measure guides of models, of files, of the corpus."),
    "compare": ("evaluate.command:compare", "Hold two variants against each other, work by work."),
    "ab": ("evaluate.ab.command:ab", "Blind comparison by people, and what the votes say."),
    "models": ("models.command:models", "List, fetch, find and remove models."),
}

INTERRUPTED = 130  # 128 + SIGINT, what shells expect
PIPE_CLOSED = 141  # 128 + SIGPIPE


class StageCommands(click.Group):
    """A group whose sub-commands are imported only when one of them is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the stage that defines the sub-command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the sub-commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=StageCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="guide")
def cli() -> None:
    """Museum Guide: from a museum object's record to a spoken-word audio guide, offline."""


def main() -> None:
    """Run the command and turn every foreseen failure into one sentence and an exit status."""
    try:
        status = cli.main(prog_name="guide", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        status = _fail(error.format_message(), error.exit_code, getattr(error, "ctx", None))
    except GuideError as error:
        status = _fail(str(error), error.exit_status)
    except (KeyboardInterrupt, click.Abort):
        status = INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has gone; keep Python from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = PIPE_CLOSED
    sys.exit(status)


def _fail(sentence: str, status: int, ctx: click.Context | None = None) -> int:
    name = ctx.command_path if ctx else "guide"
    click.echo(f"{name}: {sentence}", err=True)
    return status
