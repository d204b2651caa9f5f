package io.weir.streams;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/**
 * Limits the memory of all stores in the process together. By default each store takes up to 100 MB
 * off-heap, and a pipeline has one for each table, partition and half horizon.
 */
public final class BoundedRocksDb implements RocksDBConfigSetter {
  /** A Kafka Streams setting: the limit in bytes. */
  static final String MEMORY_BYTES = "weir.rocksdb.memory.bytes";

  private static final long DEFAULT_MEMORY_BYTES = 128L << 20;
  private static final long MEMTABLE_BYTES = 4L << 20;

  private static Cache cache;
  private static WriteBufferManager memtables;

  private static synchronized void open(long bytes) {
    if (cache == null) {
      RocksDB.loadLibrary();
      cache = new LRUCache(bytes);
      memtables = new WriteBufferManager(bytes / 2, cache);
    }
  }

  @Override
  public void setConfig(String store, Options options, Map<String, Object> configs) {
    Object bytes = configs.get(MEMORY_BYTES);
    open(bytes == null ? DEFAULT_MEMORY_BYTES : Long.parseLong(bytes.toString()));
    BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
    table.setBlockCache(cache);
    // Count indexes and filters against the limit, and keep them in the cache.
    table.setCacheIndexAndFilterBlocks(true);
    table.setPinTopLevelIndexAndFilter(true);
    table.setFilterPolicy(new BloomFilter(10));
    options.setTableFormatConfig(table);
    options.setWriteBufferManager(memtables);
    options.setWriteBufferSize(MEMTABLE_BYTES);
  }

  @Override
  public void close(String store, Options options) {
    // The cache is shared and lives as long as the process.
  }
}
