package io.weir.streams;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/**
 * The ids seen within the horizon: the hash of the event that came first with each, on disk, in the
 * half horizon of the clock in which it came. Whole halves are forgotten at once, so that
 * forgetting costs nothing; an id is known for at least the horizon and at most one and a half of
 * it.
 *
 * <p>An id is asked for exactly, once in each half that may hold it: a range of halves would need
 * an iterator, and would not profit from bloom filters, which answer for the many ids that are new.
 */
final class SeenIds {
  static final String STORE = "seen";

  /** What an event is to those that came before it. */
  enum Sight {
    /** Its id is new. */
    FIRST,
    /** The same event came before, or one of which no hash is known. */
    AGAIN,
    /** Another event came before with its id. */
    CONFLICTING
  }

  private static final int HALVES_BEFORE = 2;

  /** What the changelog may forget goes by the broker's clock, as the store goes by ours. */
  private static final Map<String, String> CHANGELOG =
      Map.of(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime");

  private final WindowStore<byte[], byte[]> store;
  private final long halfMs;

  SeenIds(WindowStore<byte[], byte[]> store, long horizonMs) {
    this.store = store;
    this.halfMs = half(horizonMs);
  }

  static StoreBuilder<WindowStore<byte[], byte[]>> store(long horizonMs) {
    // The store refuses what is older than its retention: two halves back is just within.
    Duration retention = Duration.ofMillis(HALVES_BEFORE * half(horizonMs) + 2);
    return Stores.windowStoreBuilder(
            Stores.persistentWindowStore(
                STORE, retention, Duration.ofMillis(half(horizonMs)), false),
            Serdes.ByteArray(),
            Serdes.ByteArray())
        .withLoggingEnabled(CHANGELOG)
        .withCachingDisabled();
  }

  private static long half(long horizonMs) {
    return (horizonMs + 1) / 2;
  }

  /** Looks the id up at this time of the clock; from now on it is known, with its first hash. */
  Sight see(byte[] id, long hash, long nowMs) {
    long current = nowMs - Math.floorMod(nowMs, halfMs);
    for (int back = 0; back <= HALVES_BEFORE; back++) {
      byte[] first = store.fetch(id, current - back * halfMs);
      if (first != null) {
        return agrees(first, hash) ? Sight.AGAIN : Sight.CONFLICTING;
      }
    }
    store.put(id, ByteBuffer.allocate(Long.BYTES).putLong(hash).array(), current);
    return Sight.FIRST;
  }

  /** Earlier versions kept a single byte: such an event cannot be told from another. */
  private static boolean agrees(byte[] first, long hash) {
    return first.length != Long.BYTES || ByteBuffer.wrap(first).getLong() == hash;
  }
}
