#! /bin/sh
# The simulated pipeline under the real one's name; all of it is Python, in bot/sim/pipeline.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
PYTHONPATH=$(dirname -- "$(dirname -- "$here")")${PYTHONPATH:+:$PYTHONPATH}
OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export PYTHONPATH OMP_NUM_THREADS
exec "${LMTSIM_PYTHON:-python3}" -m bot.sim.pipeline "$@"
