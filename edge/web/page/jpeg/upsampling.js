// Rows of a component at the photo's width, as libjpeg-turbo has them (jdsample.c): enlarged to twice the size every
// sample is a mean of its nearest two, 3 : 1; otherwise repeated.

const LEAST_WIDTH = 3; // of what is smoothed from side to side

/** Return a function that gives row y, of `width` samples or more, of a decoded component. */
export function rowsOf(component, width, blockSide) {
  const { samples, stride, enlarged } = component;
  const { across, down } = enlarged;
  if (across === 1 && down === 1) return (y) => samples.subarray(y * stride, y * stride + width);
  const row = new Uint8ClampedArray(across * component.width);
  const smooth = blockSide > 1 && (across === 1 || component.width >= LEAST_WIDTH);
  if (smooth && across === 2 && down === 1) return (y) => widened(row, samples.subarray(y * stride), component.width);
  if (smooth && across === 1 && down === 2) return (y) => between(row, component, y);
  if (smooth && across === 2 && down === 2) return (y) => doubled(row, component, y);
  return (y) => repeated(row, samples.subarray(Math.floor(y / down) * stride), across);
}

function repeated(row, from, across) {
  for (let x = 0; x < row.length; x++) row[x] = from[Math.floor(x / across)];
  return row;
}

/** Write a row of twice the width; halves are rounded up and down by turns. */
function widened(row, from, width) {
  row[0] = from[0];
  for (let x = 1, to = 1; x < width; x++, to += 2) {
    row[to] = (3 * from[x - 1] + from[x] + 2) >> 2;
    row[to + 1] = (3 * from[x] + from[x - 1] + 1) >> 2;
  }
  row[2 * width - 1] = from[width - 1];
  return row;
}

/** Write row y of twice the height. */
function between(row, component, y) {
  const { samples } = component;
  const [near, far] = nearest(component, y);
  const half = 1 + (y & 1);
  for (let x = 0; x < row.length; x++) row[x] = (3 * samples[near + x] + samples[far + x] + half) >> 2;
  return row;
}

/** Write row y of twice the height and width, rounded once. */
function doubled(row, component, y) {
  const { samples, width } = component;
  const [near, far] = nearest(component, y);
  let before = 3 * samples[near] + samples[far];
  row[0] = (4 * before + 8) >> 4;
  for (let x = 1, to = 1; x < width; x++, to += 2) {
    const sum = 3 * samples[near + x] + samples[far + x];
    row[to] = (3 * before + sum + 7) >> 4;
    row[to + 1] = (3 * sum + before + 8) >> 4;
    before = sum;
  }
  row[2 * width - 1] = (4 * before + 7) >> 4;
  return row;
}

/** Return where the two rows begin that row y lies between, the nearer one first; the last ones have one neighbour. */
function nearest({ height, stride }, y) {
  const near = y >> 1;
  const far = Math.min(Math.max(0, y & 1 ? near + 1 : near - 1), height - 1);
  return [near * stride, far * stride];
}
