// Quotas of control groups, in folders that are made like the kernel's.
#include "runtime/host/Quota.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace gemmart;

namespace {

struct Quota : testing::Test {
  std::filesystem::path root = std::filesystem::temp_directory_path() / ("quota-" + std::to_string(getpid()));
  ~Quota() override { std::filesystem::remove_all(root); }
  void put(const std::string &path, const std::string &text) {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  double quota() { return cpuQuota(root / "self", root / "mount"); }
};

TEST_F(Quota, OfTheGroupOrOfOneAround) {
  put("self", "0::/work/job\n");
  EXPECT_TRUE(std::isinf(quota())) << "no file says anything";
  put("mount/work/job/cpu.max", "max 100000\n");
  EXPECT_TRUE(std::isinf(quota()));
  put("mount/work/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 1.5);
  put("mount/work/job/cpu.max", "50000 100000\n");
  EXPECT_EQ(quota(), 0.5);
}

TEST_F(Quota, InsideAContainer) {
  put("self", "0::/\n");
  put("mount/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
}

TEST_F(Quota, OfTheFirstVersion) {
  put("self", "5:memory:/m\n4:cpu,cpuacct:/box\n");
  put("mount/cpu/box/cpu.cfs_quota_us", "-1\n");
  put("mount/cpu/box/cpu.cfs_period_us", "100000\n");
  EXPECT_TRUE(std::isinf(quota()));
  put("mount/cpu/box/cpu.cfs_quota_us", "300000\n");
  EXPECT_EQ(quota(), 3);
}

TEST_F(Quota, WhatCannotBeReadIsNoQuota) {
  EXPECT_TRUE(std::isinf(quota())) << "no list of groups";
  for (const char *list : {"", "\n\n", "0", "0:", "0::", ":::::", "0::/a/../../..\n"}) {
    put("self", list);
    put("mount/cpu.max", "0 0\n");
    EXPECT_TRUE(std::isinf(quota())) << list;
  }
}

} // namespace
