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
 * The ids seen within the horizon, on disk, each with the hash of its first event. They are grouped
 * by the half horizon of wall-clock time in which they arrived. A whole half is dropped at once,
 * which costs nothing. An id is remembered for at least one and at most one and a half horizons.
 *
 * <p>An id is looked up with a point query in each half that may hold it. A range query would need
 * an iterator and could not use the bloom filters, which answer for the many new ids.
 */
final class SeenIds {
  static final String STORE = "seen";

  /** How an event relates to earlier ones. */
  enum Sight {
    /** Its id is new. */
    FIRST,
    /** The same event came before, or one without a stored hash. */
    AGAIN,
    /** A different event with the same id came before. */
    CONFLICTING
  }

  private static final int HALVES_BEFORE = 2;

  /** The changelog expires by the broker's clock, as the store expires by ours. */
  private static final Map<String, String> CHANGELOG =
      Map.of(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime");

  private final WindowStore<byte[], byte[]> store;
  private final long halfMs;

  SeenIds(WindowStore<byte[], byte[]> store, long horizonMs) {
    this.store = store;
    this.halfMs = half(horizonMs);
  }

  static StoreBuilder<WindowStore<byte[], byte[]>> store(long horizonMs) {
    // The store rejects what is older than its retention; the half two back is just within it.
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

  /** Looks up the id at this time of the clock. If it is new, stores it with this hash. */
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

  /** Earlier versions stored a single byte, which matches any event. */
  private static boolean agrees(byte[] first, long hash) {
    return first.length != Long.BYTES || ByteBuffer.wrap(first).getLong() == hash;
  }
}
