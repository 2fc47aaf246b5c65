"""Upload an exported model's folder to a repository of the model hub.

from export.hub import files_of, upload
upload(Path("models/small-1"), "me/museum-guide-small")
"""

from __future__ import annotations

import os
from pathlib import Path

from data.errors import ExportError, ModelError

PATTERNS = ("README.md", "Modelfile", "verify.json", "*.png", "*.svg", "*.gguf")


def files_of(folder: Path) -> list[Path]:
    """The files that would be uploaded, the card first.

    Raises:
        ModelError: the folder is no exported model.
    """
    if not (folder / "verify.json").is_file():
        raise ModelError(
            f"{folder} holds no verified export; make one with: guide export runs/NAME"
        )
    found = [path for pattern in PATTERNS for path in sorted(folder.glob(pattern))]
    return [path for path in dict.fromkeys(found) if path.is_file()]


def upload(folder: Path, repository: str, *, private: bool = True) -> str:
    """Make the repository if need be, and commit all files at once; returns its address.

    Raises:
        ModelError: there is nothing to upload, or no token to do it with.
        ExportError: the hub refused; its reason is given.
    """
    from httpx import HTTPError
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError

    names = [path.name for path in files_of(folder)]
    token = get_token()
    if not token:
        raise ModelError(
            "There is no hub token; set HF_TOKEN to one that may write, or log in with: "
            "hf auth login"
        )
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), token=token)
    try:
        api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=repository,
            folder_path=folder,
            allow_patterns=names,
            commit_message=f"Upload {folder.name}",
        )
    except (HfHubHTTPError, HTTPError, OSError, RuntimeError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ExportError(
            f"{folder.name} could not be uploaded to {repository} ({reason}); what has arrived is "
            "not sent again when you repeat it."
        ) from None
    return f"{api.endpoint}/{repository}"
