# The figures that tests and benchmarks measure: lines `name<TAB>value<TAB>unit<TAB>budget` in
# target/figures.tsv. A budget reads `<= 3` or `>= 5`; without one the figure is just shown.

readonly FIGURES=target/figures.tsv

figures_start() {
    : >"$FIGURES"
}

# figure NAME VALUE UNIT [BUDGET]: a line of the table.
figure() {
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4-}" >>"$FIGURES"
}

figures_table() {
    [[ -s $FIGURES ]] || return 0
    printf '\n'
    awk -F '\t' '
        function missed(value, budget, limit) {
            limit = budget
            gsub(/[^0-9.]/, "", limit)
            if (limit == "" || value !~ /^[0-9.]+$/) return 0
            if (budget ~ /^ *(<|≤)/) return value + 0 > limit + 0
            if (budget ~ /^ *(>|≥)/) return value + 0 < limit + 0
            return 0
        }
        BEGIN { printf "%-58s %12s  %-10s %s\n", "figure", "measured", "unit", "budget" }
        {
            mark = missed($2, $4) ? "   MISSED" : ""
            misses += mark != ""
            printf "%-58s %12s  %-10s %s%s\n", $1, $2, $3, $4, mark
        }
        END { if (misses) printf "%d of %d figures miss their budget\n", misses, NR }
    ' "$FIGURES"
}
