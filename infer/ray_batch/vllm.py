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
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.artwork import Artwork
from data.errors import GuideError, ModelError
from data.prompt import END, ChatTemplate, build_prompt, load_examples
from infer.options import CONTEXT, Options
from infer.ray_batch.rounds import ENGINE_ROUNDS, ROUNDS, Ask, Draw, State, next_draw
from infer.told import told

if TYPE_CHECKING:
    import pyarrow

    from infer.ray_batch.cluster import Share
    from infer.ray_batch.run import Task

Row = dict[str, Any]
TEMPLATE, TOKENIZER = "chat_template.jinja", "tokenizer_config.json"
_LARGEST_SEED = 2**31  # vLLM takes no larger ones


def write_in_rounds(
    tasks: Iterable[tuple[int, Task]], options: Options, share: Share, batch: int
) -> Iterator[pyarrow.Table]:
    """The results of works, as `run.write_works` gives them: those of a round when it is over.

    Raises:
        GuideError: vLLM or the model's folder is not there, or the engines failed.
    """
    import ray

    from infer.ray_batch.run import results_of
    from infer.ray_batch.worker import to_results

    open_rows = [
        {"index": index, "artwork": task.artwork, "state": "[]", "text": "",
         "seed": options.sampling.seed, "max_tokens": options.max_tokens}
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
        text = _prompt(row, options, *_template(folder)) + row["text"]
        return row | {
            "tokenized_prompt": _tokenizer(folder)(text, add_special_tokens=False)["input_ids"],
            "sampling_params": {
                "temperature": options.sampling.temperature,
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
        name, template, examples = _served(options.backend, options.model)
        sampling = options.sampling
        payload = {
            "model": name,
            "prompt": _prompt(row, options, template, examples) + row["text"],
            "max_tokens": row["max_tokens"],
            "temperature": sampling.temperature,
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
    result: Row = {name: row[name] for name in ("index", "artwork", "state", "text")}
    result |= {"seed": row["seed"], "max_tokens": row["max_tokens"], "row": None, "reason": None}
    if isinstance(draw, str):
        return result | {"reason": draw}
    state = State.from_json(row["state"])
    state.draws.append(draw)
    artwork = Artwork.model_validate_json(row["artwork"])
    try:
        found = next_draw(artwork, options, options.model, state, last=last)
    except GuideError as error:
        return result | {"reason": str(error)}
    if isinstance(found, Ask):
        return result | {
            "state": state.to_json(),
            "text": found.text,
            "seed": found.seed,
            "max_tokens": found.max_tokens,
        }
    return result | {"row": json.dumps(found, ensure_ascii=False)}


def _prompt(row: Row, options: Options, template: ChatTemplate, examples: bool) -> str:
    artwork, request = Artwork.model_validate_json(row["artwork"]), options.request
    shown = load_examples(request.language) if examples else ()
    return build_prompt(told(artwork), request, template, shown).text


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
def _served(backend: str, model: str) -> tuple[str, ChatTemplate, bool]:
    """What a server serves, asked once in each process."""
    from rich.console import Console

    from infer.remote import Server
    from infer.session import remote_habits

    server = Server(backend, model)
    habits = remote_habits(server, model, Console(quiet=True))
    server.close()
    return server.model, habits.template, habits.examples
