#! /bin/sh
# A pipeline of a few milliseconds for tests that need hundreds of runs: RSR only, and nothing in it but what a verdict
# and a publication look at. What it writes follows from its words alone. Whims: QUICK_S seconds long; QUICK_GATE=FILE:
# calls wait until it is there; QUICK_HOLLOW=TEXT: calls with TEXT do nothing and say so to nobody; QUICK_STUBBORN=1:
# SIGTERM is ignored; QUICK_LINGER=1: a process of a session of its own stays behind; QUICK_ODD_PID=PID: obsnums that
# are odd belong to this project; QUICK_DIE=TEXT: calls with TEXT are killed, as the kernel does when memory runs out;
# QUICK_PID=PID: another project. QUICK_NO_SDFITS=1: no calibrated spectra are packed. QUICK_UNSENT=1: archive=1 sends
# nothing and says so to nobody; QUICK_UNLOGGED=1: it is killed, with who keeps its exit code, when it has sent and has
# not written that down.
for word; do
    case $word in
        obsnum=*) members=${word#*=} name=$members ;;
        obsnums=*) members=${word#*=} name=${members%%,*}_${members##*,} ;;
        restart=1) restart=1 ;;
        tap=1) tap=1 ;;
        archive=1) archive=1 ;;
        work_lmt=*) work=${word#*=} ;;
    esac
done
said="$*"
said=${said%% work_lmt=*}
pid=${QUICK_PID:-2024-S1-MX-2}
case $name in *[13579]) pid=${QUICK_ODD_PID:-$pid} ;; esac
[ -z "$LMTSIM_JOURNAL" ] || echo "$(date +%s.%6N) $$ start $*" >>"$LMTSIM_JOURNAL"
[ -z "$QUICK_STUBBORN" ] || trap '' TERM
[ -z "$QUICK_LINGER" ] || setsid sleep 60 &
sleep "${QUICK_S:-0}"
[ -z "$QUICK_GATE" ] || until [ -e "$QUICK_GATE" ]; do sleep 0.05; done
case ${QUICK_DIE:+$said} in *"$QUICK_DIE"*) [ -z "$QUICK_DIE" ] || kill -9 $$ ;; esac
cd "$work" || exit 1
mkdir -p "$pid" "$pid/dirzip" && cd "$pid" || exit 1
if [ -n "$archive" ]; then
    [ -z "$QUICK_UNSENT" ] || exit 0
    cat "dir4dv/$name/$pid/$name/${name}_SRDP.zip" >>"$work/far" || exit 1
    [ -z "$QUICK_UNLOGGED" ] || kill -9 $PPID $$
    echo "$(date +%Y-%m-%dT%H:%M:%S) $pid $name" >>"$work/dataverse.log"
    rm -rf "dir4dv/$name"
    exit 0
fi
[ -z "$restart" ] || rm -rf "$name"
if [ ! -d "$name" ]; then
    mkdir "$name" || exit 1
    [ "$name" = "$members" ] || cat "${members%%,*}/lmtoy_${members%%,*}.rc" >"$name/lmtoy_$name.rc" || exit 1
fi
case ${QUICK_HOLLOW:+$said} in *"$QUICK_HOLLOW"*) [ -z "$QUICK_HOLLOW" ] || exit 0 ;; esac
total=0
for member in $(echo "$members" | tr , ' '); do
    [ "$name" = "$members" ] || total=$((total + $(wc -c <"$member/lmtoy_args.log")))
done
echo "$said" >>"$name/lmtoy_args.log"
echo "$said" >"$name/rsr.$name.driver.sum.txt"
cat >>"$name/lmtoy_$name.rc" <<END
instrument="RSR"
obspgm="Bs"
obsnum=$name
ra=187.7059
dec=12.3911
date_obs="2024-05-02T11:21:31"
inttime=600
tau=0.08
PIName="Ada Example"
projectTitle="A galaxy"
nchan=1297
rms=0.000${#said}$total
obsnum_list=$members
lmtoy_version=1.2.3
END
place=dir4dv/$name/$pid/$name
rm -rf "$place" && mkdir -p "$place" || exit 1
echo "$said" >"$place/${name}_lmtmetadata.yaml"
echo "$said" >"$place/${name}_SRDP.zip"
[ -n "$QUICK_NO_SDFITS" ] || echo "$said" >"$place/${name}_SDFITS.zip"
ln -f "$place/${name}_SRDP.zip" "dirzip/${name}_SRDP.zip"
[ -z "$tap" ] || (cd "$work" && tar cf "$pid/${name}_TAP.tar" "$pid/$name/lmtoy_$name.rc" "$pid/$name/lmtoy_args.log")
