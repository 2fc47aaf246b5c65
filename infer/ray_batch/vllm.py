"""vLLM on Ray Data: rounds of whole drafts, each checked and sent back for what has to be redrawn.

    guide batch works.parquet guides --engine vllm --model models/NAME/merged --gpus 1
    guide batch works.parquet guides --engine vllm --backend http://gpu-host:8000 --model small

The model is a folder of 16-bit weights as `guide export` merges them, or what a vLLM server
(`vllm serve FOLDER`) serves. `ray.data.llm` runs the engines: one replica a worker, prefix caching
on, so that the system line and the examples are computed once. What is sent are tokens of our own
prompt, so that no template is applied twice and no token is added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.artwork import Artwork
from data.errors import ModelError
from data.prompt import END, ChatTemplate, build_prompt, load_examples
from infer.options import CONTEXT, Options
from infer.ray_batch.rounds import ENGINE_ROUNDS, ROUNDS, Ask, Draw, State, first_text, next_draw
from infer.ray_batch.worker import reason_given, to_results
from infer.told import told

if TYPE_CHECKING:
    import pyarrow
    from rich.console import Console

    from infer.ray_batch.cluster import Share
    from infer.ray_batch.run import Task
    from infer.session import Habits

Row = dict[str, Any]
TEMPLATE, TOKENIZER = "chat_template.jinja", "tokenizer_config.json"
_LARGEST_SEED = 2**31  # vLLM takes no larger ones
_TRAVELS = ("index", "artwork", "state", "text", "seed", "temperature", "max_tokens")
"""Columns of a work between rounds."""


def write_in_rounds(
    tasks: Iterable[tuple[int, Task]], options: Options, share: Share, batch: int
) -> Iterator[pyarrow.Table]:
    """The results of works, as `run.write_works` gives them: those of a round when it is over.

    Raises:
        GuideError: vLLM or the model's folder is not there, or the engines failed.
    """
    import ray

    from infer.ray_batch.run import results_of

    open_rows = [
        {"index": index, "artwork": task.artwork, "state": "[]", "text": "",
         "seed": options.sampling.seed, "temperature": options.sampling.temperature,
         "max_tokens": options.max_tokens, "reason": None}
        for index, task in tasks
    ]  # fmt: skip
    rounds = ROUNDS if options.backend else ENGINE_ROUNDS
    for number in range(1, rounds + 1):
        if not open_rows:
            return
        drawn = processor(options, share, batch, last=number == rounds)
        rows, open_rows = open_rows, []
        for table in results_of(drawn(ray.data.from_items(rows))):
            done: list[tuple[int, str | None, str | None]] = []
            for row in table.to_pylist():
                # What an engine refuses never reaches `_check`: Ray hands it over as it stands.
                if refused := row.get("__inference_error__"):
                    done.append((row["index"], None, refused))
                elif row["row"] is None and row["reason"] is None:
                    open_rows.append({name: row[name] for name in rows[0]})
                else:
                    done.append((row["index"], row["row"], row["reason"]))
            if done:
                yield to_results(done)


def processor(options: Options, share: Share, batch: int, *, last: bool) -> Any:
    """A round: prompts in, results or the next round's prompts out."""
    from ray.data.llm import build_processor

    if options.backend:
        config, draw = server_config(options, batch), _server_draw
        before = _server_request(options)
    else:
        config, draw = engine_config(options, share, batch), _engine_draw
        before = _engine_request(options)

    def after(row: Row) -> Row:
        return _check(row, draw(row), options, last=last)

    return build_processor(config, preprocess=before, postprocess=after)


def check_engine(options: Options) -> None:
    """Say at once what is missing.

    Raises:
        ModelError: vLLM is not installed, or the model is no folder of weights with a template.
    """
    if find_spec("vllm") is None:
        raise ModelError(
            "--engine vllm needs vLLM on every machine with a GPU; install it with: "
            'pip install "ray[llm]", or name a server of it with --backend.'
        )
    _template(str(_folder(options.model)))


def check_server(options: Options, console: Console) -> tuple[str, ...]:
    """Say at once what is wrong with the server or missing here; the languages it is good at.

    Raises:
        ModelError: the server does not answer, or the local file of its model is not there.
    """
    return _ask_server(options.backend, options.model, console)[1].languages


def engine_config(options: Options, share: Share, batch: int) -> Any:
    """Engines of vLLM in the cluster: https://docs.ray.io/en/latest/data/working-with-llms.html."""
    from ray.data.llm import vLLMEngineProcessorConfig

    return vLLMEngineProcessorConfig(**engine_settings(options, share, batch))


def engine_settings(options: Options, share: Share, batch: int) -> Row:
    """The fields of that configuration."""
    return {
        "model_source": str(_folder(options.model)),
        "engine_kwargs": {
            "max_model_len": CONTEXT,
            "enable_prefix_caching": True,
            "tensor_parallel_size": max(1, int(share.gpus or 1)),
            "dtype": "auto",
        },
        "concurrency": share.workers,
        "batch_size": batch,
        # The prompt is rendered and tokenized by our own code, the text is vLLM's.
        "chat_template_stage": False,
        "tokenize_stage": False,
        "detokenize_stage": False,
        "should_continue_on_error": True,
        # They want packages that nothing here reads: without all of them no engine starts.
        "log_engine_metrics": False,
    }


def server_config(options: Options, batch: int) -> Any:
    """A server's completions, asked by the same processor."""
    from ray.data.llm import HttpRequestProcessorConfig

    from infer.ray_batch.session import eager_session

    url = options.backend.rstrip("/").removesuffix("/v1")
    return HttpRequestProcessorConfig(
        url=f"{url}/v1/completions",
        batch_size=batch,
        concurrency=1,
        max_retries=3,
        session_factory=eager_session,
    )


def _engine_request(options: Options) -> Callable[[Row], Row]:
    folder = str(_folder(options.model))

    def request(row: Row) -> Row:
        prompt, row = _prompt(row, options, *_template(folder))
        tokens = _tokenizer(folder)(prompt, add_special_tokens=False)["input_ids"]
        return row | {
            "tokenized_prompt": tokens,
            "sampling_params": {
                "temperature": row["temperature"],
                "top_p": options.sampling.top_p,
                "min_p": options.sampling.min_p,
                "seed": row["seed"] % _LARGEST_SEED,
                "max_tokens": row["max_tokens"],
                "stop": [END],
            },
        }

    return request


def _server_request(options: Options) -> Callable[[Row], Row]:
    def request(row: Row) -> Row:
        name, habits = _served(options.backend, options.model)
        prompt, row = _prompt(row, options, habits.template, habits.examples)
        sampling = options.sampling
        payload = {
            "model": name,
            "prompt": prompt,
            "max_tokens": row["max_tokens"],
            "temperature": row["temperature"],
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "seed": row["seed"] % _LARGEST_SEED,
            "stop": [END],
        }
        return row | {"payload": payload}

    return request


def _engine_draw(row: Row) -> Draw:
    tokens = int(row["num_generated_tokens"])
    cut = tokens >= row["max_tokens"]
    return Draw(str(row["generated_text"]), tokens, int(row["num_input_tokens"]), cut)


def _server_draw(row: Row) -> Draw | str:
    answer = row["http_response"]
    if not answer.get("choices"):
        return f"the server refused: {json.dumps(answer)[:200]}"
    choice, usage = answer["choices"][0], answer.get("usage") or {}
    cut = choice.get("finish_reason") == "length"
    tokens = int(usage.get("completion_tokens") or 0)
    return Draw(str(choice["text"]), tokens, int(usage.get("prompt_tokens") or 0), cut)


def _check(row: Row, draw: Draw | str, options: Options, *, last: bool) -> Row:
    """Read what was drawn: a finished line, a reason why there is none, or the next draw."""
    result: Row = {name: row[name] for name in _TRAVELS} | {"row": None, "reason": None}
    if row["reason"] or isinstance(draw, str):
        return result | {"reason": row["reason"] or draw}
    state = State.from_json(row["state"])
    state.draws.append(draw)
    try:
        artwork = Artwork.model_validate_json(row["artwork"])
        found = next_draw(artwork, options, options.model, state, last=last)
    except Exception as error:  # one work in half a million must not stop the others
        return result | {"reason": reason_given(error)}
    if isinstance(found, Ask):
        return result | {
            "state": state.to_json(),
            "text": found.text,
            "seed": found.sampling.seed,
            "temperature": found.sampling.temperature,
            "max_tokens": found.max_tokens,
        }
    return result | {"row": json.dumps(found, ensure_ascii=False)}


def _prompt(row: Row, options: Options, template: ChatTemplate, examples: bool) -> tuple[str, Row]:
    """The prompt of a row, and the row; where none can be made, next to nothing and the reason."""
    try:
        artwork, request = Artwork.model_validate_json(row["artwork"]), options.request
        shown = load_examples(request.language) if examples else ()
        begun = row["text"] or first_text(artwork, options)
        return build_prompt(told(artwork), request, template, shown).text + begun, row
    except Exception as error:  # as in `_check`, which throws that draw of one token away
        return END, row | {"max_tokens": 1, "reason": reason_given(error)}


def _folder(model: str) -> Path:
    folder = Path(model).expanduser()
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"--engine vllm draws from a folder of 16-bit weights and {model} is none; "
            "give the one that `guide export RUN --merged` makes, or a server by --backend."
        )
    return folder


@cache
def _template(folder: str) -> tuple[ChatTemplate, bool]:
    """The chat template of a merged model; what we merged was trained and needs no examples."""
    settings = json.loads((Path(folder) / TOKENIZER).read_text(encoding="utf-8"))
    beside = Path(folder) / TEMPLATE
    source = beside.read_text("utf-8") if beside.exists() else settings.get("chat_template")
    if not isinstance(source, str):
        raise ModelError(f"{folder} has no chat template; choose an instruction-tuned model.")
    tokens = {}
    for name in ("bos_token", "eos_token"):
        token = settings.get(name) or ""
        tokens[name] = token if isinstance(token, str) else str(token.get("content", ""))
    return ChatTemplate(source, **tokens), False


@cache
def _tokenizer(folder: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


@cache
def _served(backend: str, model: str) -> tuple[str, Habits]:
    """What a server serves, asked once in each process."""
    from rich.console import Console

    return _ask_server(backend, model, Console(quiet=True))


def _ask_server(backend: str, model: str, console: Console) -> tuple[str, Habits]:
    """The name under which a server has a model, and how that model is asked."""
    from infer.remote import Server
    from infer.session import remote_habits

    with closing(Server(backend, model)) as server:
        return server.model, remote_habits(server, model, console)
