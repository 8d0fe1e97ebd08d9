def main(batch_size: int = 1, color: bool = True) -> None:
    print(batch_size, color)
