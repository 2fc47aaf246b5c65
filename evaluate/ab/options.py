"""Options that the commands under `guide ab` share."""

from __future__ import annotations

import click

store_option = click.option(
    "--store", "where", default="sqlite:///museum-guide.sqlite", show_default=True, metavar="URL",
    envvar="GUIDE_STORE", help="The museum's store, as guide serve takes it.",
)  # fmt: skip
