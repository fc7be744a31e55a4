"""A study whose every name would like to be markup."""

HOSTILE = "=cmd|'/C calc'!A0 <script>alert(1)</script> \"'& \x1b[31m \\input{x} $ % _ # { } </style> \u2028"


LEVEL = (
    "\"'& script alert(1) </style> ${7*7} {{7*7}}".replace("<", "")
    .replace("/", "")
    .replace(">", "")
)


def hostile_study():
    return {
        "study": "hostile",
        "question": HOSTILE.replace("\x1b", ""),
        "data": {"source": "digits", "split": {"train": 0.2, "validation": 0.1, "test": 0.7}},
        "model": {"layers": ["Flatten", {"Dense": {"units": 10, "activation": "softmax"}}]},
        "train": {"optimizer": "Adam", "epochs": 1, "batch_size": 32},
        "seeds": 2,
        "factors": {"f&\"'": {"a": None, LEVEL: {"set": {"train.epochs": 2}}}},
        "claims": [
            {
                "id": "<b>",
                "says": f"{LEVEL} > a on val_accuracy",
                "published": "<svg onload=alert(1)>",
            }
        ],
    }
