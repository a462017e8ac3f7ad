def dump_schema() -> str:
    return ""
