"""`python -m t2ibench` is the same command as `t2ibench`."""

from t2ibench.cli import main

if __name__ == "__main__":
    main()
