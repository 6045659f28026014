// By how many decibels a program of the thinned bank came out louder than 3 dB below its source.
// Measured once: FluidSynth 2.3.1 without reverb and chorus, pitches 40, 52, 60, 67 and 79 at
// velocity 90, source bank against this one before the table. Programs under 0.5 dB are left out.
// Goblins (101) stay 3 dB loud: their zones set an attenuation of their own, which wins over the
// preset's global zone, where this one is written.
export const TOO_LOUD_DB = new Map([
  [11, 1.7], // vibraphone
  [18, 0.6], // rock organ
  [25, 0.7], // steel guitar
  [26, 1.2], // jazz guitar
  [27, 0.6], // clean guitar
  [42, 0.8], // cello
  [43, 1.7], // contrabass
  [50, 0.6], // synth strings 1
  [51, 0.6], // synth strings 2
  [83, 1.8], // chiffer lead
  [85, 2.6], // solo voice
  [88, 0.5], // new age pad
  [96, 0.7], // rain
  [101, 3.0], // goblins
  [102, 0.7], // echoes
  [117, 1.6], // melodic tom
]);
