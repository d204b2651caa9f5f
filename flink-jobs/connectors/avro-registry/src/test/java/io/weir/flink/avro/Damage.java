package io.weir.flink.avro;

import java.util.Arrays;
import java.util.Random;

/** Damages records in transit: flips bits, and truncates, adds or drops bytes. */
final class Damage {
  private static final int LONG_RUN = 12;

  private Damage() {}

  /**
   * Returns a copy of a record in the registry's wire format with up to three defects. The header's
   * id stays intact, because an unknown id would not exercise the decoder.
   */
  static byte[] of(byte[] value, Random random) {
    byte[] damaged = value;
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      damaged = damagedOnce(damaged, random);
    }
    return damaged;
  }

  private static byte[] damagedOnce(byte[] value, Random random) {
    int body = value.length - 5;
    int at = 5 + (body > 0 ? random.nextInt(body) : 0);
    switch (random.nextInt(5)) {
      case 0:
        return Arrays.copyOf(value, at);
      case 1:
        return Arrays.copyOf(value, value.length + 1 + random.nextInt(8));
      case 2:
        byte[] noise = Arrays.copyOf(value, 5 + random.nextInt(60));
        for (int i = 5; i < noise.length; i++) {
          noise[i] = (byte) random.nextInt();
        }
        return noise;
      case 3:
        byte[] huge = Arrays.copyOf(value, value.length + LONG_RUN);
        Arrays.fill(huge, at, Math.min(at + random.nextInt(LONG_RUN), huge.length), (byte) 0xff);
        return huge;
      default:
        byte[] flipped = value.clone();
        if (body > 0) {
          flipped[at] ^= (byte) (1 << random.nextInt(8));
        }
        return flipped;
    }
  }
}
