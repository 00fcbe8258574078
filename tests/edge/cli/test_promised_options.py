"""What the command line promises: no command and no option goes away (edge/SERVICES.md, "What is promised").

A new one is a word more here.
"""

import pytest
from command_lines import options

PROMISED = """
train: --amp --augment --batch-size --class-weights --clip --compile --config --data --device --distill
    --distill-temperature --dropout --early-stopping --ema --epochs --extra --freeze --freeze-statistics
    --head-lr --init --json --keep --label-smoothing --layer-decay --list-nets --lr --momentum --net
    --optimizer --out --recipe --resume --schedule --seed --seeds --size --split-by --teacher --tensorboard
    --unfreeze-after --val-fraction --views --warmup --weight-decay --width
compare: --json --out
tune: --config --data --device --epochs --json --minutes --net --out --recipe --search --seed --storage
    --trials
export: --also --calibration-seed --calibration-size --channels --crop-share --data --filter --json --keep-all
    --labels --layout --like --max-drop --mean --not-portable --out --qat-epochs --quantize --resize --scale
    --size --std --target-ort --unlabelled --web
demo: --out
predict: --annotate --explain --files-from --glob --jobs --json --model --out --recursive --resume
    --retry-errors --threads --threshold --top --tta
watch: --annotate --exec --glob --interval --jobs --model --out --recursive --threshold --top
serve: --certificate --cors --host --jobs --key --log --max-bytes --port --queue --threads --timeout --token
    --unverified
web: --out --runtime
info: --json
verify: --json
evaluate: --data --json --split --threads
benchmark: --against --data --html --json --minutes --rounds --split --threads
compare-benchmarks: --json
doctor: --json
completion:
"""
COMMANDS = dict(line.split(":") for line in PROMISED.replace("\n    ", " ").strip().splitlines())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_promised_option_is_there(command: str) -> None:
    assert set(COMMANDS[command].split()) - options(command) == set()
