"""What pandas reads from small CSV texts: names, dtypes, values.

    cd tests/golden && python3 -m makers.csv
"""

import io
import json
import pathlib

import numpy as np
import pandas as pd

from .common import one_a_line

TEXTS = {
    "types": "i,f,b,s\n1,0.5,True,x\n-2,1e3,False,\n3,-7,TRUE,y z\n",
    "missing": "i,f,b,s\n1,0.5,True,x\n,NA,,NA\n3,nan,False,None\n",
    "a type that comes late": "a,b,c\n1,1,1\n2,2,2\n3,3.5,x\n",
    "whole numbers at the ends": "a\n9223372036854775807\n-9223372036854775808\n0\n",
    "signs and zeros": "a,b,c\n+1,-0.0,007\n-1,+.5,-08\n0,5.,+009\n",
    "spaces around numbers": "a,b\n 1, 2.5\n2 ,3 \n",
    "floats": "a\n0.1\n1e23\n8.5e-324\n1.7976931348623157e308\n123456789012345678901234567890\n"
    "2.2250738585072011e-308\n9007199254740993.0\n0.30000000000000004\n3.141592653589793238462643\n",
    "overflow": "a\n1e999\n-1e999\n1e-999\n",
    "infinities": "a\ninf\n-inf\nInfinity\n-INF\n+Inf\n",
    "no numbers": "a,b,c,d,e\n1e,--1,1.2.3,0x10,1_0\n1,1,1,1,1\n",
    "quotes": 'a,b\n"x, y","p""q"\n"1\n2",z\n"",""""\n',
    "quotes inside": 'a,b\nx"y",5" tall\np,q""r\n',
    "quoted numbers": 'a,b\n"1","2.5"\n"3","4"\n',
    "quoted header": '"a,1","b\nc"\n1,2\n',
    "CRLF": "a,b\r\n1,x\r\n2,y\r\n",
    "CR": "a,b\r1,x\r2,y\r",
    "no last line end": "a,b\n1,x\n2,y",
    "empty lines": "\n\na,b\n\n1,x\n\r\n\n2,y\n\n",
    "byte order mark": "\ufeffa,b\n1,2\n",
    "names without text": ",a,\n0,1,2\n",
    "all missing": "a,b\n,1\nNA,2\n",
    "bools that are none": "a,b\nTrue,True\n1,x\n",
    "Unicode": "n\u00e4me,b\n\u20ac,\U0001f600\nstra\u00dfe,x\n",
    "one column": "a\n1\n\n2\n",
    "missing as pandas writes it": "a\n"
    + "".join(
        f"{text}\n"
        for text in (
            "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
            "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "1",
        )
    ),
}  # fmt: skip
OPTIONS = [
    ("types", {"header": False}),
    ("types", {"names": ["p", "q", "r", "s"]}),
    ("types", {"header": True, "names": ["p", "q", "r", "s"]}),
    ("types", {"columns": ["s", "i"]}),
    ("types", {"keep_default_na": False}),
    ("types", {"na_values": ["x", "-2"]}),
    ("types", {"dtypes": {"i": "float32", "b": "string"}}),
    ("spaces around numbers", {"skip_initial_space": True}),
]


def pandas_options(options):
    names = {
        "columns": "usecols",
        "dtypes": "dtype",
        "skip_initial_space": "skipinitialspace",
    }
    result = {names.get(name, name): value for name, value in options.items()}
    if "header" in result:
        result["header"] = 0 if result["header"] else None
    if "dtype" in result:
        result["dtype"] = {k: "str" if v == "string" else v for k, v in result["dtype"].items()}
    return result


def value(v):
    if isinstance(v, str):
        return v
    if isinstance(v, (bool, np.bool_)):
        return bool(v)
    if isinstance(v, (int, np.integer)):
        return str(v)
    # Hexadecimal: to the last bit.
    return "nan" if np.isnan(v) else float(v).hex()


def column(name, series):
    dtype = str(series.dtype)
    if dtype in ("object", "str"):
        values = [None if pd.isna(v) else str(v) for v in series]
        return {"name": str(name), "dtype": "string", "values": values}
    return {"name": str(name), "dtype": dtype, "values": [value(v) for v in series]}


def case(name, options):
    table = pd.read_csv(io.BytesIO(TEXTS[name].encode()), **pandas_options(options))
    return {
        "name": name,
        "text": TEXTS[name],
        "options": options,
        "columns": [column(name, table[name]) for name in table.columns],
    }


def main():
    cases = [case(name, {}) for name in TEXTS] + [case(*row) for row in OPTIONS]
    made_with = {"pandas": pd.__version__}
    path = pathlib.Path(__file__).parents[1] / "csv.json"
    text = f'{{"made_with": {json.dumps(made_with)},\n"cases": {one_a_line(cases)}}}\n'
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
