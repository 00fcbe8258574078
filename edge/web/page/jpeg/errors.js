// What ends the decoding of a JPEG.

/** Why a JPEG is left to the browser's decoder: it may be sound, but is of a kind that is not decoded here. */
export class NotDecodedHere extends Error {}

/** Return the Error for a JPEG that can't be decoded, in the photo path's words. */
export function damaged(why = "broken data stream when reading image file") {
  return new Error(`damaged (${why})`);
}

/** Return the Error for a JPEG that ends before its pixels do. */
export function truncated() {
  return damaged("image file is truncated");
}
