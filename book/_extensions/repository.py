"""Repository, edit, issue and Binder buttons, where the book's repository is known.

The address comes from GITHUB_REPOSITORY, which GitHub's runners set, or from the remote "origin" where that is on
GitHub. Without either the pages have no such buttons.
"""

import os
import re
import subprocess


def github_repository(folder):
    """Owner and name of the repository on GitHub, as "owner/name", or None.

    Parameters
    ----------
    folder : path
        A folder inside the checkout.

    Returns
    -------
    str or None
    """
    if os.environ.get("GITHUB_REPOSITORY"):
        return os.environ["GITHUB_REPOSITORY"]
    return from_remote(_git(folder, "remote", "get-url", "origin"))


def from_remote(url):
    """Owner and name in the address of a git remote, or None where it is not on GitHub."""
    match = re.fullmatch(r"(?:https://|ssh://git@|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?", url)
    return match and match[1]


def _git(folder, *arguments):
    """What git prints, or an empty string where git or the answer is missing."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def add_buttons(app, config):
    """Set the theme's options for the buttons."""
    name = github_repository(app.srcdir)
    if name is None:
        return
    config.html_theme_options = {
        **config.html_theme_options,
        "repository_url": f"https://github.com/{name}",
        "repository_branch": os.environ.get("GITHUB_REF_NAME")
        or _git(app.srcdir, "branch", "--show-current")
        or "main",
        "path_to_docs": "book",
        "use_repository_button": True,
        "use_edit_page_button": True,
        "use_issues_button": True,
        "launch_buttons": {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"},
    }


def setup(app):
    app.connect("config-inited", add_buttons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
