/**
 * Stands in for `stb-vorbis`, which the synthesizer imports for sounds compressed as Vorbis.
 *
 * It is WebAssembly, and the page's policy lets none be compiled. Our sound bank is not compressed.
 */
export const StbVorbis = {
  ready: Promise.resolve(),
  decode(): never {
    throw new Error("This page plays sound banks without compressed sounds.");
  },
};
