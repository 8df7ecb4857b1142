#!/usr/bin/python3
"""packaging/debian against the rest of the tree: each file of an installation is in one package, and what the packages are
built with is what tools/packages installs. Argument: the tree."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "shape"))
from tap import Report  # noqa: E402

# What debhelper needs beyond tools/packages, and what of tools/packages a package build has anyway or only tests run.
ONLY_DEBIAN = {"debhelper-compat", "dh-sequence-installsysusers", "systemd-dev"}
ONLY_TOOLS = {"g++", "ninja-build", "cracklib-runtime", "tzdata"}


def installed(tree):
    """The paths that debian/rules finds below debian/tmp; units are in a place of their own for each suite."""
    for line in (tree / ".ci/installed").read_text(encoding="utf-8").splitlines():
        path = line.split(" ", 1)[1].replace("usr/local/", "usr/", 1)
        path = path.replace("usr/share/doc/otk/", "usr/share/doc/otk-server/examples/")
        if not path.startswith("usr/lib/systemd/system/"):
            yield path


def claims(tree):
    """(package, path) of each line of an .install file. A path is a file, or a folder with all that is in it. A last
    word of several is where it goes. What is in the tree itself, such as the guides, is nothing that meson installs."""
    for file in sorted((tree / "packaging/debian").glob("*.install")):
        for line in file.read_text(encoding="utf-8").splitlines():
            words = line.split()
            for path in words[:-1] if len(words) > 1 else words:
                if not any(tree.glob(path)):
                    yield file.stem, path


def not_in_one_package(tree):
    for path in installed(tree):
        packages = {package for package, claim in claims(tree) if path == claim or path.startswith(claim + "/")}
        if len(packages) != 1:
            yield f"{path} is in {' and '.join(sorted(packages)) or 'no package'}"


def not_there(tree):
    files = list(installed(tree))
    for package, claim in claims(tree):
        if not any(path == claim or path.startswith(claim + "/") for path in files):
            yield f"{package} wants {claim}, which is not installed"


def build_depends(tree):
    text = (tree / "packaging/debian/control").read_text(encoding="utf-8")
    field = re.search(r"^Build-Depends:((?:.*\n )*.*)\n", text, re.MULTILINE).group(1)
    return {re.match(r"[a-z0-9.+-]+", item.strip()).group() for item in field.split(",")}


def group_of_tools(tree, group):
    lines = (tree / "tools/packages").read_text(encoding="utf-8").splitlines()
    return {line.split()[1] for line in lines if line.startswith(group + " ")}


def other_build_needs(tree):
    debian = build_depends(tree) - ONLY_DEBIAN
    tools = group_of_tools(tree, "build") - ONLY_TOOLS
    yield from (f"only in tools/packages: {package}" for package in sorted(tools - debian))
    yield from (f"only in packaging/debian/control: {package}" for package in sorted(debian - tools))


def main():
    tree = pathlib.Path(sys.argv[1])
    report = Report()
    report.case("each file of an installation is in one package", list(not_in_one_package(tree)))
    report.case("what a package wants is installed", list(not_there(tree)))
    report.case("packages are built with what tools/packages has", list(other_build_needs(tree)))
    report.end()


if __name__ == "__main__":
    main()
