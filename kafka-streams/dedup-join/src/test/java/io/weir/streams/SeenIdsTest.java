package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.streams.SeenIds.Sight;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.WindowStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SeenIdsTest {
  private static final long HORIZON = Duration.ofHours(48).toMillis();
  private static final byte[] ID = {5};

  @TempDir Path folder;

  /** The store survives an upgrade: its content may come from the previous version. */
  @Test
  void anIdOfAnEarlierVersionIsKnownButConflictsWithNothing() {
    MockProcessorContext<Void, Void> context =
        new MockProcessorContext<>(new Properties(), new TaskId(0, 0), folder.toFile());
    WindowStore<byte[], byte[]> store = SeenIds.store(HORIZON).withLoggingDisabled().build();
    store.init(context.getStateStoreContext(), store);
    store.put(ID, new byte[] {1}, 0);
    SeenIds seen = new SeenIds(store, HORIZON);
    assertThat(seen.see(ID, 7, 1)).isEqualTo(Sight.AGAIN);
    assertThat(seen.see(ID, 8, 2)).isEqualTo(Sight.AGAIN);
    store.close();
  }
}
