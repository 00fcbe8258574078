// A scan's blocks in their order (ITU-T T.81, A.2): by MCUs of several components, or those of a single one in rows.

/**
 * Have each block of a scan decoded: `block(member, row, column)` reads it, `restarted()` forgets what it rests on.
 * `interval` MCUs lie between restart markers, if it is not 0.
 */
export function readBlocks(bits, { members }, { mcusAcross, mcusDown }, interval, { block, restarted }) {
  const alone = members.length === 1;
  const { blocksAcross, blocksDown } = members[0].component;
  const [columns, rows] = alone ? [blocksAcross, blocksDown] : [mcusAcross, mcusDown];
  let left = interval;
  let restarts = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (interval && left-- === 0) {
        bits.restart(restarts++ & 7);
        restarted();
        left = interval - 1;
      }
      if (bits.spent && !interval) return;
      if (bits.spent) continue;
      if (alone) block(members[0], row, column);
      else members.forEach((member) => readUnit(member, row, column, block));
      bits.endMcu();
    }
  }
}

/** Read the blocks of a component in an MCU. */
function readUnit(member, row, column, block) {
  const { across, down } = member.component;
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) block(member, row * down + y, column * across + x);
  }
}
