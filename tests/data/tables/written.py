"""Tables of small images as text."""


def rows_of(images, labels, *, last=False):
    lines = []
    for image, label in zip(images, labels, strict=True):
        values = [str(value) for value in image.reshape(-1)]
        lines.append([*values, str(label)] if last else [str(label), *values])
    return lines


def write(path, rows, head=None, separator=",", end="\n"):
    lines = [*([head] if head else []), *rows]
    text = end.join(separator.join(map(str, line)) for line in lines) + end
    path.write_bytes(text.encode())
    return path


def pixel_names(count, stem="pixel"):
    return [f"{stem}{k}" for k in range(count)]
