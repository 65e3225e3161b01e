"""Ratios, verdicts, and the tables made of them. A ratio is always "times as fast": above 1, ours is faster."""
from statistics import median


def number(value):
    """Three figures, with k and M."""
    if value is None:
        return ""
    for factor, suffix in (1e9, "G"), (1e6, "M"), (1e4, "k"):
        if abs(value) >= factor:
            return f"{value / (1e3 if suffix == 'k' else factor):.3g}{suffix}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def summarise(workload, results):
    """One row for each series that ran: median, least, most, and the CPU time of the whole program."""
    rows = []
    for series in workload.series:
        runs = results.get(series.name)
        if not runs or not runs["values"]:
            continue
        values, cpu = runs["values"], runs["cpu"]
        rows.append({
            "workload": workload.name, "series": series.name, "peer": series.peer, "size": runs["size"],
            "unit": workload.unit, "median": median(values), "min": min(values), "max": max(values),
            "runs": len(values), "values": values, "cpu_s": median(cpu) if cpu else None,
            "pss": median(runs["pss"]) if "pss" in runs else None,
        })
    return rows


def judge(workload, rows):
    """One verdict for each target whose two sides ran."""
    by_name = {row["series"]: row for row in rows}
    verdicts = []
    for target in workload.targets:
        ours, theirs = by_name.get(target.ours), by_name.get(target.theirs)
        if workload.kind == "memory" and ours:
            theirs = {"median": target.least, "min": target.least, "max": target.least, "cpu_s": None}
            ratio, least = target.least / ours["median"], 1.0
        elif ours and theirs:
            ratio, least = ours["median"] / theirs["median"], target.least
            if not workload.higher:
                ratio = 1 / ratio
        else:
            continue
        verdict = {
            "workload": workload.name, "title": workload.title, "unit": workload.unit, "ours": target.ours,
            "theirs": target.theirs, "ours_median": ours["median"], "theirs_median": theirs["median"],
            "times": ratio, "needed": least, "goal": target.words, "met": ratio >= least,
        }
        verdicts.append(verdict)
    return verdicts


def said(verdict):
    factor = verdict["times"] / verdict["needed"]
    return f"met ({factor:.2f} of it)" if verdict["met"] else f"**missed by {1 / factor:.2f}**"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "|".join("---" if i == 0 else "--:" for i in range(len(header))) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return lines


def goals_table(verdicts):
    rows, last = [], None
    for v in verdicts:
        place = "one CPU" if v["ours"].endswith("@1cpu") else "free"
        title = v["title"] if v["title"] != last else ""
        last = v["title"]
        name = lambda s: s.split("@")[0].replace(".", " ", 1)
        rows.append([
            title, f"{name(v['ours'])[9:]}, {place}", number(v["ours_median"]), name(v["theirs"]),
            number(v["theirs_median"]), v["unit"], f"{v['times']:.2f}", f"{v['needed']:.2f}", said(v),
        ])
    return table(["workload", "ours", "", "against", "", "unit", "times as fast", "needed", "verdict"], rows)


def full_table(workloads, rows):
    lines = []
    for w in workloads:
        mine = [r for r in rows if r["workload"] == w.name]
        if mine:
            lines += ["", f"#### {w.title} ({w.unit}, {'more' if w.higher else 'less'} is better)", ""]
            lines += table(
                ["series", "median", "min", "max", "runs", "size"],
                [[r["series"] + (f" (PSS {r['pss']:.0f})" if r["pss"] else ""), number(r["median"]), number(r["min"]),
                  number(r["max"]), r["runs"], r["size"]] for r in mine])
    return lines


def markdown(run):
    met = sum(v["met"] for v in run["verdicts"])
    m = run["machine"]
    lines = [
        f"{met} of {len(run['verdicts'])} goals met. {run['runs']} interleaved runs of each series, medians; "
        f"a ratio says how many times as fast ours is.", "",
        f"Machine: {m['cpus']} x {m['processor']}, {m['memory_MiB']} MiB, Linux {m['kernel']}; while measuring, "
        f"{run['stolen_percent']:.1f} % of CPU time was stolen, load average {run['load_before']} before and "
        f"{run['load_after']} after.", "",
        "Versions: " + "; ".join(f"{peer}: {version}" for peer, version in m["versions"].items() if version) + ".", "",
        *goals_table(run["verdicts"]), "", "### Every series", *full_table(run["workloads"], run["rows"]),
    ]
    if run["failed"]:
        lines += ["", "### Failed", ""] + [f"- {f['workload']} {f['series']}: {f['why']}" for f in run["failed"]]
    return "\n".join(lines) + "\n"
