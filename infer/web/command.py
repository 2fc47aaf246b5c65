"""`guide serve`: the visitor's page, the API and the curator's side, from one process.

guide serve
guide serve --works works.csv --museum "Our Museum"
guide serve --host 0.0.0.0 --password-file curator.txt
guide serve token add scripts
"""

from __future__ import annotations

import logging
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.logging import RichHandler

from data.errors import GuideError
from data.prompt import LANGUAGES, Language
from infer.options import CONTEXT, MAX_TOKENS, Options, Sampling, company_options
from infer.web.settings import DEFAULT_STORE
from models.catalog import DEFAULT_MODEL

if TYPE_CHECKING:
    import uvicorn

    from infer.web.services import Services
    from infer.web.settings import Settings
    from infer.web.store import Store

_BACKLOG = 2048  # connections that wait to be taken, as uvicorn has it


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    metavar="NAME|PATH.gguf",
    help="A model of the catalog (guide models list), a file, or none.",
)
@click.option(
    "--backend",
    default="",
    metavar="URL",
    envvar="GUIDE_BACKEND",
    help="An OpenAI-compatible server that draws instead. [env: GUIDE_BACKEND]",
)
@company_options
@click.option(
    "--store",
    default=DEFAULT_STORE,
    show_default=True,
    metavar="URL",
    envvar="GUIDE_STORE",
    help="sqlite:///FILE or postgresql://USER@HOST/NAME. [env: GUIDE_STORE]",
)
@click.option(
    "--password-file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="GUIDE_PASSWORD_FILE",
    help="The curator's password, or what guide serve password printed, on one line. "
    "[env: GUIDE_PASSWORD_FILE]",
)
@click.option("--museum", default="Museum", show_default=True, help="Name shown to visitors.")
@click.option(
    "--language",
    "languages",
    type=click.Choice(list(LANGUAGES)),
    multiple=True,
    help="A language offered to visitors; repeat for more.  [default: all]",
)
@click.option(
    "--works",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Works to add or update before serving: JSON, JSONL or CSV.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name under which the server is reached; repeat for more.",
)
@click.option(
    "--proxy",
    metavar="ADDRESS",
    default="",
    help="A reverse proxy whose X-Forwarded-For is believed.",
)
@click.option(
    "--rate", default="30/minute", show_default=True, help="New guides one client may have written."
)
@click.option(
    "--requests", default="1200/minute", show_default=True, help="Requests of one client."
)
@click.option("--silent", is_flag=True, help="Text alone, no voice.")
@click.pass_context
def serve(ctx: click.Context, /, **values: Any) -> None:
    """Serve the visitor's page, the API and the curator's side."""
    ctx.obj = values
    if ctx.invoked_subcommand is None:
        _serve(**values)


@serve.command()
@click.password_option("--password", prompt="The curator's password")
def password(password: str) -> None:
    """Print a password as --password-file may keep it, so that no file holds it in the clear."""
    from infer.web.access import hash_password

    click.echo(hash_password(password))


@serve.group()
def token() -> None:
    """Tokens for scripts: Authorization: Bearer TOKEN."""


@token.command("add")
@click.argument("name")
@click.pass_obj
def token_add(values: dict[str, Any], name: str) -> None:
    """Make a token and print it, this once."""
    from infer.web.access import Keeper

    click.echo(Keeper(_store(values), None).add_token(name))


@token.command("list")
@click.pass_obj
def token_list(values: dict[str, Any]) -> None:
    """Name the tokens there are."""
    from infer.web.access import Keeper

    for found in Keeper(_store(values), None).tokens():
        click.echo(f"{found.name}\t{found.created:%Y-%m-%d}")


@token.command("remove")
@click.argument("name")
@click.pass_obj
def token_remove(values: dict[str, Any], name: str) -> None:
    """Take a token back."""
    from infer.web.access import Keeper

    Keeper(_store(values), None).remove_token(name)


def _store(values: dict[str, Any]) -> Store:
    try:
        from infer.web.store import Store
    except ImportError as error:
        raise _missing(error) from None
    return Store.open(values["store"])


def _serve(**values: Any) -> None:
    try:
        import uvicorn

        from infer.web.protect import read_rate
        from infer.web.setup import open_services
    except ImportError as error:
        raise _missing(error) from None
    console = Console(stderr=True)
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", datefmt="%X",
        handlers=[RichHandler(console=console, show_path=False, markup=False)],
    )  # fmt: skip
    for name in ("httpx", "alembic", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    settings = _settings(values)
    settings.require_safe()
    read_rate(settings.rate), read_rate(settings.requests)
    with ExitStack() as stack:
        listening = stack.enter_context(_listen(settings.host, settings.port))
        services = stack.enter_context(
            open_services(settings, _options(values), values["store"], console,
                          slots=values["slots"], exact=not values["fast"],
                          silent=values["silent"])
        )  # fmt: skip
        if values["works"]:
            _import(services, values["works"], console)
        app = _app(services)
        config = server_config(app, values["proxy"])
        listening.listen(_BACKLOG)  # whoever reads the address may come at once
        _announce(settings, listening, console)
        uvicorn.Server(config).run(sockets=[listening])


def server_config(app: Any, proxy: str = "") -> uvicorn.Config:
    """How uvicorn runs the application; X-Forwarded-For is believed of that proxy alone."""
    import uvicorn

    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        proxy_headers=bool(proxy),
        forwarded_allow_ips=proxy or None,
        server_header=False,
    )


def _app(services: Services) -> Any:
    from infer.web.app import create_app

    return create_app(services)


def _settings(values: dict[str, Any]) -> Settings:
    from infer.web.settings import Settings

    languages = values["languages"] or tuple(LANGUAGES)
    fetched: tuple[Language, ...] = values["languages"] or ("en",)
    return Settings(
        host=values["host"], port=values["port"], museum=values["museum"], languages=languages,
        fetched=fetched,
        password_hash=_password_hash(values["password_file"]), hosts=tuple(values["hosts"]),
        rate=values["rate"], requests=values["requests"],
    )  # fmt: skip


def _options(values: dict[str, Any]) -> Options:
    from data.prompt import Request

    assert max(MAX_TOKENS.values()) < CONTEXT
    return Options(
        Request(), values["model"], Sampling(), MAX_TOKENS["full"], backend=values["backend"]
    )


def _password_hash(path: Path | None) -> str | None:
    from infer.web.access import AccessError, hash_password, is_hash

    if path is None:
        return None
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AccessError(f"{path} cannot be read ({error}); give a file with one line.") from None
    if not text or "\n" in text:
        raise AccessError(f"{path} has to hold the curator's password on one line.")
    return text if is_hash(text) else hash_password(text)


def _listen(host: str, port: int) -> socket.socket:
    """The socket, before anything heavy is loaded: a port that is taken is known at once."""
    from infer.web.settings import ServeError

    try:
        found = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ServeError(
            f"{host}, port {port} cannot be listened on ({reason}); give another --port or --host."
        ) from None
    return listening


def _import(services: Services, path: Path, console: Console) -> None:
    from infer.web.importing import import_works

    try:
        content = path.read_bytes()
    except OSError as error:
        from data.errors import RecordError

        raise RecordError(f"{path} cannot be read: {error.strerror or error}.") from None
    done = import_works(services.works, path.name, content)
    for fault in done.faults:
        console.print(fault, style="yellow", highlight=False)
    console.print(f"{path.name}: {done.added} works added, {done.updated} updated.")


def _announce(settings: Settings, listening: socket.socket, console: Console) -> None:
    port = listening.getsockname()[1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    console.print(f"Serving {settings.museum} at http://{host}:{port}/ (Ctrl-C ends it)")
    if settings.password_hash is None:
        console.print("Nobody can log in at /curator without --password-file.", style="dim")


def _missing(error: ImportError) -> Exception:
    """The sentence for a package of the extra; anything else that is missing is a fault of ours."""
    if not error.name or error.name.partition(".")[0] in ("data", "models", "infer"):
        return error
    return GuideError(
        f"guide serve needs the extra “serve” ({error.name} is missing); run just setup serve."
    )
