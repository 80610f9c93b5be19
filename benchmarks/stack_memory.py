"""Print the memory that the parts of the running local stack take: start it with `tocsin up`."""

from monitoring.settings import settings
from monitoring.stack.memory import memory_of

MB = 1_000_000


def main() -> None:
    """Print one line a part, and their sum."""
    taken = memory_of(settings())
    for name, size in sorted(taken.items(), key=lambda entry: -entry[1]):
        print(f"{name:<24}{size / MB:>8.0f} MB")
    print(f"{'the whole stack':<24}{sum(taken.values()) / MB:>8.0f} MB")


if __name__ == "__main__":
    main()
