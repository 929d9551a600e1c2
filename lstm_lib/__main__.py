"""Say what the library holds and what of it can be run."""

import argparse
import ast
from pathlib import Path

import lstm_lib

HERE = Path(__file__).parent


def modules():
    """Pairs: name of a module, and the first sentence of its docstring."""
    for path in sorted([*HERE.glob("[a-z]*.py"), *HERE.glob("variants/[a-z]*.py")]):
        words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        name = ".".join(path.relative_to(HERE).with_suffix("").parts)
        yield name, words.split("\n\n")[0].replace("\n", " ").split(". ")[0].rstrip(".")


def main(arguments=None):
    width = max(len(name) for name, _ in modules())
    parser = argparse.ArgumentParser(
        prog="python -m lstm_lib",
        description=lstm_lib.__doc__.split("\n\n")[0],
        epilog="to run:\n  python -m lstm_lib.train TEXT   trains a character model on a text file"
        "\n  python -m lstm_lib.train --help\n\nto import:\n"
        + "\n".join(f"  lstm_lib.{name:{width}}  {words}" for name, words in modules()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    parser.print_help()


if __name__ == "__main__":
    main()
